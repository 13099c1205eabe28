import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** What enforcing terms needs; `src/persistence/schema.ts` says what each column means. */
const statements = [
  `alter table partner add column groups jsonb not null default '[]'`,
  `alter table api_token add column purposes jsonb`,
  `alter table agreement add column ends_at timestamptz`,
  `create index agreement_ends_at on agreement (ends_at) where ends_at is not null`,
  `alter table offer add column addressed boolean not null default false`,
  `alter table offer add column ends_at timestamptz`,
  `create index offer_addressed on offer (id) where addressed`,
  `create index offer_ends_at on offer (ends_at) where ends_at is not null`,
  `create index transfer_running on transfer (agreement_id) where state in ('REQUESTED', 'STARTED', 'SUSPENDED')`,
  `create table quota_counter (
    agreement_id text not null, counter text not null, starts text not null, amount bigint not null,
    updated_at timestamptz not null, primary key (agreement_id, counter, starts))`,
  `create table spent_statement (id text primary key, expires_at timestamptz not null)`,
  `create index spent_statement_expires_at on spent_statement (expires_at)`,
  `create table debited_request (
    agreement_id text not null, key text not null, request_sha256 text not null, created_at timestamptz not null,
    primary key (agreement_id, key))`,
  `create index debited_request_created_at on debited_request (created_at)`,
  `create table released_shape (
    agreement_id text not null, dataset_id text not null, content_version text not null, seq integer not null,
    shape_sha256 text not null, shape jsonb not null, created_at timestamptz not null,
    primary key (agreement_id, dataset_id, content_version, seq),
    unique (agreement_id, dataset_id, content_version, shape_sha256))`,
  `create table obligation (
    id text primary key, agreement_id text not null references agreement (id), role text not null, counterparty text not null,
    place text not null, kind text not null, action text not null, assignee text, due_at timestamptz, rule jsonb not null,
    state text not null, note text, created_at timestamptz not null, updated_at timestamptz not null)`,
  `create index obligation_agreement on obligation (agreement_id)`,
  `create index obligation_created_at on obligation (created_at, id)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
