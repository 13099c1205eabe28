import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** The first schema; `src/persistence/schema.ts` says what each column means. */
const statements = [
  `create table partner (
    id text primary key, name text not null, address text,
    created_at timestamptz not null, updated_at timestamptz not null, version integer not null)`,
  `create table api_token (
    id text primary key, name text not null, role text not null, token_sha256 text not null unique,
    created_at timestamptz not null, expires_at timestamptz, revoked_at timestamptz)`,
  `create table idempotency (
    token_id text not null, key text not null, request_sha256 text not null, status integer, headers jsonb, body text,
    created_at timestamptz not null, primary key (token_id, key))`,
  `create index idempotency_created_at on idempotency (created_at)`,
  `create table secret (name text primary key, sealed text not null, created_at timestamptz not null)`,
  `create table dataset (
    id text primary key, seq bigint generated always as identity unique, metadata jsonb not null, source jsonb not null,
    version integer not null, created_at timestamptz not null, updated_at timestamptz not null)`,
  `create table dataset_version (
    dataset_id text not null references dataset (id) on delete cascade, number integer not null, path text not null,
    file_name text not null, media_type text not null, bytes bigint not null, rows bigint, sha256 text not null,
    created_at timestamptz not null, removed_at timestamptz, primary key (dataset_id, number))`,
  `create table offer (
    id text primary key, policy jsonb not null, decision text not null, audience jsonb, version integer not null,
    created_at timestamptz not null)`,
  `create table offer_dataset (
    id text primary key, offer_id text not null references offer (id) on delete cascade,
    dataset_id text not null references dataset (id))`,
  `create index offer_dataset_offer on offer_dataset (offer_id)`,
  `create index offer_dataset_dataset on offer_dataset (dataset_id)`,
  `create table visible (
    audience text not null, dataset_seq bigint not null,
    offer_dataset_id text not null references offer_dataset (id) on delete cascade,
    primary key (audience, dataset_seq, offer_dataset_id))`,
  `create index visible_offer_dataset on visible (offer_dataset_id)`,
  `create table negotiation (
    id text primary key, role text not null, counterparty text not null, counterparty_pid text,
    counterparty_address text not null, state text not null, dataset_id text not null, offer_id text not null,
    offer text not null, offered_by text not null, decision text not null, reason text, error text, agreement_id text,
    deadline_at timestamptz not null, version integer not null, created_at timestamptz not null,
    updated_at timestamptz not null)`,
  `create unique index negotiation_counterparty on negotiation (counterparty, counterparty_pid, role)`,
  `create index negotiation_created_at on negotiation (created_at, id)`,
  `create index negotiation_deadline on negotiation (deadline_at) where state not in ('FINALIZED', 'TERMINATED')`,
  `create table received_message (
    process_id text not null, message_id text not null, received_at timestamptz not null,
    primary key (process_id, message_id))`,
  `create table agreement (
    id text primary key, role text not null, negotiation_id text not null unique, counterparty text not null,
    assigner text not null, assignee text not null, dataset_id text not null, message text not null,
    message_sha256 text not null, agreement jsonb not null, signed_at text not null, created_at timestamptz not null,
    finalized_at timestamptz)`,
  `create index agreement_created_at on agreement (created_at, id)`,
  `create table transfer (
    id text primary key, role text not null, counterparty text not null, counterparty_pid text,
    counterparty_address text not null, state text not null, agreement_id text not null, dataset_id text not null,
    format text not null, data_address text, suspended_by text, reason text, error text, version integer not null,
    created_at timestamptz not null, updated_at timestamptz not null)`,
  `create unique index transfer_counterparty on transfer (counterparty, counterparty_pid, role)`,
  `create index transfer_created_at on transfer (created_at, id)`,
  `create index transfer_agreement on transfer (agreement_id)`,
  `create table access_token (
    token_sha256 text primary key, transfer_id text not null, partner text not null, created_at timestamptz not null,
    expires_at timestamptz not null)`,
  `create index access_token_transfer on access_token (transfer_id)`,
  `create index access_token_partner on access_token (partner)`,
  `create table outbox (
    id text primary key, seq bigint generated always as identity, kind text not null, process_id text not null,
    name text not null, recipient text not null, url text not null, body text not null, status text not null,
    attempts integer not null, next_attempt_at timestamptz not null, lease_until timestamptz, last_error text,
    created_at timestamptz not null)`,
  `create index outbox_due on outbox (next_attempt_at) where status = 'pending'`,
  `create index outbox_process on outbox (process_id, seq)`,
  `create table delivery (
    transfer_id text not null, role text not null, file_name text not null, bytes bigint not null, sha256 text not null,
    path text, receipt jsonb, completed_at timestamptz not null, primary key (transfer_id, role, file_name))`,
  `create table audit_entry (
    index bigint primary key, entry text not null, time timestamptz not null, type text not null, agreement_id text,
    transfer_id text, partner text, dataset_id text)`,
  `create index audit_entry_agreement on audit_entry (agreement_id, index)`,
  `create index audit_entry_transfer on audit_entry (transfer_id, index)`,
  `create index audit_entry_partner on audit_entry (partner, index)`,
  `create index audit_entry_dataset on audit_entry (dataset_id, index)`,
  `create table audit_head (id integer primary key, size bigint not null)`,
  `insert into audit_head (id, size) values (1, 0)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
