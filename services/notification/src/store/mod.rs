//! SQL, one file per table or pair of tables. Nobody else touches these tables.

pub mod alerts;
pub mod answers;
pub mod approval_links;
pub mod decisions;
pub mod deliveries;
pub mod messages;
pub mod notifications;
pub mod outbox;
pub mod prompts;
pub mod telegram_links;
pub mod updates;

common::typed_id! {
    /// One message to one person or group on one channel.
    MessageId,
    /// One attempt to deliver.
    DeliveryId,
    /// One answer given outside the dashboard.
    AnswerId,
}
