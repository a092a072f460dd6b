//! Roles in Postgres: one for each process, which can touch the tables of its owner map and nothing else. `quantapilot migrate --roles` makes
//! them and brings their rights up to date at every start, so that a new table needs no thought.

use common::config::{Reader, Secret};
use common::db::{Relation, relations};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction};

use crate::output::Failure;

/// A role of a service: the owner in the names of its migrations, and its name in Postgres.
const SERVICES: [(&str, &str); 4] = [
    ("cursor", "cursor_integration"),
    ("github", "github_integration"),
    ("notification", "notification"),
    ("dashboard", "dashboard_backend"),
];
const N8N: &str = "n8n";
const EXPORTER: &str = "postgres_exporter";

/// The passwords of all roles.
pub struct Passwords(Vec<(&'static str, Secret)>);

impl Passwords {
    /// `<ROLE>_DATABASE_PASSWORD` of every role, for example `NOTIFICATION_DATABASE_PASSWORD`.
    pub fn read(env: &mut Reader) -> Self {
        let roles = SERVICES.iter().map(|(_, role)| *role).chain([N8N, EXPORTER]);
        Self(roles.map(|role| (role, env.secret(&format!("{}_DATABASE_PASSWORD", role.to_uppercase()), 16))).collect())
    }
}

/// Makes what is missing and grants what is needed; all or nothing, but for n8n's database, which no transaction can make.
pub async fn grant(conn: &mut PgConnection, passwords: &Passwords) -> Result<usize, Failure> {
    let failed = |error: sqlx::Error| {
        Failure::new(format!("cannot set up the roles in Postgres: {error}"))
            .hint("DATABASE_URL must name a role that may make roles and databases, such as `postgres`")
    };
    let mut tx = conn.begin().await.map_err(failed)?;
    for (role, password) in &passwords.0 {
        ensure_role(&mut tx, role, password).await.map_err(failed)?;
    }
    close_to_others(&mut tx).await.map_err(failed)?;
    for (owner, role) in SERVICES {
        for relation in relations() {
            grant_relation(&mut tx, owner, role, &relation).await.map_err(failed)?;
        }
    }
    execute(&mut tx, format!("GRANT pg_monitor TO {EXPORTER}")).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    ensure_n8n_database(conn).await.map_err(failed)?;
    Ok(passwords.0.len())
}

/// The password is a parameter, so that it stands in no statement and thereby in no log.
async fn ensure_role(tx: &mut Transaction<'_, Postgres>, role: &str, password: &Secret) -> sqlx::Result<()> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(role)
        .fetch_one(&mut **tx)
        .await?;
    if !exists {
        execute(tx, format!("CREATE ROLE {role} LOGIN")).await?;
    }
    sqlx::query("SELECT set_config('quantapilot.password', $1, true)")
        .bind(password.expose())
        .execute(&mut **tx)
        .await?;
    execute(
        tx,
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L', current_setting('quantapilot.password')); END $$"
        ),
    )
    .await?;
    sqlx::query("SELECT set_config('quantapilot.password', '', true)").execute(&mut **tx).await?;
    Ok(())
}

/// By default everybody may connect, and older servers let everybody make tables.
async fn close_to_others(tx: &mut Transaction<'_, Postgres>) -> sqlx::Result<()> {
    let database: String = sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(&mut **tx).await?;
    execute(tx, format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
    execute(tx, "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned()).await?;
    let roles = SERVICES.map(|(_, role)| role).join(", ");
    execute(tx, format!("GRANT CONNECT ON DATABASE {database} TO {roles}, {EXPORTER}")).await?;
    execute(tx, format!("GRANT USAGE ON SCHEMA public TO {roles}")).await?;
    // What an earlier version granted and this one does not is taken back.
    execute(tx, format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {roles}")).await?;
    execute(tx, format!("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {roles}")).await?;
    execute(tx, format!("GRANT SELECT ON _sqlx_migrations TO {roles}")).await
}

async fn grant_relation(
    tx: &mut Transaction<'_, Postgres>,
    owner: &str,
    role: &str,
    relation: &Relation,
) -> sqlx::Result<()> {
    let rights = match relation {
        // History is written once: the table refuses changes itself, and the role cannot even try.
        Relation { name, .. } if *name == "events" && relation.owner == owner => "SELECT, INSERT",
        Relation { view: true, .. } => "SELECT",
        _ if relation.owner == owner || relation.owner == "common" => "SELECT, INSERT, UPDATE, DELETE",
        _ => return Ok(()),
    };
    // A later migration may have dropped it.
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(relation.name).fetch_one(&mut **tx).await?;
    if there {
        execute(tx, format!("GRANT {rights} ON {} TO {role}", relation.name)).await?;
    }
    Ok(())
}

async fn ensure_n8n_database(conn: &mut PgConnection) -> sqlx::Result<()> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(N8N)
        .fetch_one(&mut *conn)
        .await?;
    // One that was made before the role was is handed over: only its owner may connect once the public may not.
    let sql = if exists { "ALTER DATABASE n8n OWNER TO n8n" } else { "CREATE DATABASE n8n OWNER n8n" };
    sqlx::query(sql).execute(&mut *conn).await?;
    sqlx::query("REVOKE ALL ON DATABASE n8n FROM PUBLIC").execute(&mut *conn).await?;
    Ok(())
}

/// Names of roles and tables are ours: none comes from outside.
async fn execute(tx: &mut Transaction<'_, Postgres>, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.map(drop)
}
