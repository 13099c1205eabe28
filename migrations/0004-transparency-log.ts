import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** The record as a transparency log; `src/persistence/schema.ts` says what each column means. */
const statements = [
  // Logs, their heads, full tiles, and what keeps a log from being signed.
  `create table audit_log (
    name text primary key, origin text not null unique, vkey text not null, start bigint not null unique,
    opened_at timestamptz not null, closed_at timestamptz, size bigint, sealed bigint not null default 0, checkpoint text, pruned_at timestamptz)`,
  `create table audit_tile (log text not null, level integer not null, index bigint not null, hashes bytea not null, primary key (log, level, index))`,
  `create table audit_fault (id text primary key, log text not null, kind text not null, detail jsonb not null, message text not null, found_at timestamptz not null, resolved_at timestamptz)`,
  `alter table audit_head add column log text`,
  `alter table audit_head add column stopped boolean not null default false`,
  // What is searched, and the numbers of an agreement's records. Fields that have a column are no longer in the text as well.
  `alter table audit_entry rename column entry to rest`,
  `alter table audit_entry add column seq bigint`,
  `alter table audit_entry add column role text`,
  `alter table audit_entry add column purpose text`,
  `alter table audit_entry add column decision text`,
  `alter table audit_entry add column mark text`,
  `create index audit_entry_time on audit_entry using brin (time)`,
  // Equal values share their space in an index of one column: 8 bytes an entry, where the number beside them would cost 80. The
  // blooms of all types, roles and purposes cost 1.
  ...['agreement', 'transfer', 'partner', 'dataset'].map((name) => `drop index audit_entry_${name}`),
  ...['agreement_id', 'transfer_id', 'partner', 'dataset_id'].map((column) => `create index audit_entry_${column} on audit_entry (${column})`),
  `create index audit_entry_kind on audit_entry using brin (type text_bloom_ops, role text_bloom_ops, purpose text_bloom_ops)`,
  `create index audit_entry_denied on audit_entry (index) where decision = 'deny' or type = 'data.refused'`,
  `create table audit_sequence (agreement_id text primary key, next bigint not null)`,
  // What can be erased.
  `create table audit_opening (index bigint primary key, fields jsonb not null)`,
  // Witnesses of our logs, and the logs that we witness.
  `create table audit_checkpoint (origin text not null, size bigint not null, note text not null, made_at timestamptz not null, primary key (origin, size))`,
  `create table audit_cosignature (
    origin text not null, size bigint not null, witness text not null, line text not null, received_at timestamptz not null,
    primary key (origin, size, witness))`,
  `create table audit_witness (
    name text primary key, vkey text not null, url text not null, partner text, origin text, size bigint, seen_at timestamptz,
    failing_since timestamptz, failure text, alarmed_at timestamptz, busy_until timestamptz)`,
  `create table witnessed_log (
    origin text primary key, origin_sha256 text not null unique, partner text not null, vkey text not null, size bigint not null, root text not null, checkpoint text,
    first_seen_at timestamptz not null, updated_at timestamptz not null)`,
  // The provider's receipts, beside our own records as a consumer.
  `create table receipt (
    record_index bigint primary key, agreement_id text not null, partner text not null, origin text not null,
    leaf_index bigint not null, receipt text not null, verified boolean not null, problem text, received_at timestamptz not null, provider_record bigint, refusal boolean not null default false)`,
  `create index receipt_agreement on receipt (agreement_id, record_index)`,
  // A release has a record of its own; refusals of the same kind may share one.
  `create unique index receipt_once on receipt (origin, leaf_index) where verified and not refusal`,
  // Releases that are running, so that those of a process that crashed are closed.
  `create table running_release (record_index bigint primary key, process text not null, record jsonb not null, lease_until timestamptz not null)`,
  `create index running_release_lease on running_release (lease_until)`,
  `create table release_process (process text primary key, mark bigint not null, lease_until timestamptz not null)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
