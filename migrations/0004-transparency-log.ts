import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** The record as a transparency log; `src/persistence/schema.ts` says what each column means. */
const statements = [
  // Logs, their heads, full tiles, and what keeps a log from being signed.
  `create table audit_log (
    name text primary key, origin text not null unique, vkey text not null, start bigint not null unique,
    opened_at timestamptz not null, closed_at timestamptz, size bigint, sealed bigint not null default 0, checkpoint text, pruned_at timestamptz)`,
  // PostgreSQL cuts what is too long for a row into pieces of 1,996 bytes, four of which fill a page: the rest of a tile stands in the row itself.
  `create table audit_tile (log text not null, level integer not null, index bigint not null, hashes bytea not null, rest bytea not null default '', primary key (log, level, index))`,
  `alter table audit_tile alter column hashes set storage external`,
  `create table audit_fault (id text primary key, log text not null, kind text not null, detail jsonb not null, message text not null, found_at timestamptz not null, resolved_at timestamptz)`,
  `alter table audit_head add column log text`,
  `alter table audit_head add column stopped boolean not null default false`,
  // What is searched, and the numbers of an agreement's records. Fields that have a column are no longer in the text as well. Numbers
  // stand first, where nothing is lost between them to make them even.
  `alter table audit_entry rename to audit_entry_before`,
  `create table audit_entry (
    index bigint not null, time timestamptz not null, seq bigint, type text not null, agreement_id text, transfer_id text, partner text, dataset_id text,
    role text, purpose text, decision text, rest text not null, mark text)`,
  `insert into audit_entry (index, time, type, agreement_id, transfer_id, partner, dataset_id, rest)
    select index, time, type, agreement_id, transfer_id, partner, dataset_id, entry from audit_entry_before order by index`,
  `drop table audit_entry_before`,
  // Numbers ascend: a page is full before the next one begins.
  `alter table audit_entry add primary key (index) with (fillfactor = 100)`,
  // Which blocks have entries of a time, and between which numbers: those that are out of order are found without reading all others.
  `create index audit_entry_time on audit_entry using brin (time, index) with (autosummarize = on)`,
  // Equal values share their space in an index of one column: 8 bytes an entry, where the number beside them would cost 80. The
  // blooms of all types, roles and purposes cost 1.
  ...['agreement_id', 'transfer_id', 'partner', 'dataset_id'].map((column) => `create index audit_entry_${column} on audit_entry (${column})`),
  `create index audit_entry_kind on audit_entry using brin (type text_bloom_ops, role text_bloom_ops, purpose text_bloom_ops)`,
  `create index audit_entry_denied on audit_entry (index) where decision = 'deny' or type = 'data.refused'`,
  `create table audit_sequence (agreement_id text primary key, next bigint not null)`,
  // What can be erased. As text: taking it apart would cost more than writing it, and it is seldom searched.
  `create table audit_opening (index bigint primary key with (fillfactor = 100), fields json not null)`,
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
  // What shows that the connector wrote the row of a token, with its role.
  `alter table api_token add column mark text`,
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
