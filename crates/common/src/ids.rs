//! Typed ids: UUID version 7, so that they sort by time of creation.

/// Declares a new-type over `Uuid` that is transparent to serde, sqlx and the API description.
#[macro_export]
macro_rules! typed_id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize, ::sqlx::Type, ::utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = ::uuid::Uuid)]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            /// A fresh id, later than all before it.
            #[expect(clippy::new_without_default, reason = "an id is made on purpose, never by default")]
            pub fn new() -> Self {
                Self(::uuid::Uuid::now_v7())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

typed_id! {
    /// A project.
    ProjectId,
    /// One stage of a project, in one iteration.
    StageId,
    /// One version of something a project made.
    ArtifactId,
    /// A question to people.
    DecisionId,
    /// A person.
    UserId,
    /// A signed-in session of a person.
    SessionId,
    /// One run of an agent.
    AgentRunId,
    /// A repository we know.
    RepositoryId,
    /// A repository waiting to become a project.
    IntakeId,
    /// A message to people.
    NotificationId,
    /// A unit of background work.
    JobId,
    /// An event of a project.
    EventId,
    /// A key with which a program calls the public API.
    ApiKeyId,
}
