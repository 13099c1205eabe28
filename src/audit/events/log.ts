import { actor, parties } from './field.ts'
import type { EventInfo, FieldInfo } from './field.ts'

const keep = 'evidence'

const log = {
  name: { meaning: 'Name of the log: the last part of its origin.' },
  origin: { meaning: 'Origin of the log: the first line of its checkpoints.' },
  vkey: { meaning: 'Its public key (C2SP signed-note).' },
} as const satisfies Record<string, FieldInfo>

const checkpoint = { meaning: 'A signed checkpoint (C2SP tlog-checkpoint).' } as const satisfies FieldInfo

const witness = { witness: { meaning: 'Name of the witness.' }, partner: { meaning: 'Participant id, when a partner is the witness.' } } as const satisfies Record<string, FieldInfo>

/** The log itself: its shards, its keys, its faults and its witnesses. */
export const logEvents = {
  'log.opened': {
    meaning: 'A log begins; this is its first entry.',
    keep,
    fields: {
      ...log,
      ...actor,
      reason: { meaning: 'Why it begins: `first`, `year`, `key` or `break`.' },
      previous: { meaning: 'Name of the log before.' },
      previousCheckpoint: { ...checkpoint, meaning: 'Final or last known checkpoint of the log before.' },
      start: { meaning: 'Number in the record of its first entry.' },
      mldsa: { meaning: 'Key of its second signature (ML-DSA-44).', json: true },
    },
  },
  'log.closed': {
    meaning: 'A log ends; this is its last entry.',
    keep,
    fields: { ...log, ...actor, reason: { meaning: 'Why it ends: `year` or `key`.' }, next: { meaning: 'Name of the log that follows.' }, nextVkey: { meaning: 'Public key of the log that follows, when it is another.' } },
  },
  'log.recovered': {
    meaning: 'The log was brought back to work after a break.',
    keep,
    fields: { ...log, ...actor, kind: { meaning: 'What the break was.' }, detail: { meaning: 'What exactly was found.', json: true }, faults: { meaning: 'The faults that were found, at most 200.', json: true }, others: { meaning: 'Ids of the faults beyond those.' }, reason: { meaning: 'What the operator says of it.', personal: true }, lost: { meaning: 'Numbers of records that were signed and are lost, as ranges.' } },
  },
  'log.restored': {
    meaning: 'The embedded database lacked entries that were signed, because the power was cut or its folder was put back as it was before; they were put back from the journal. What else it wrote since then is lost.',
    keep,
    fields: { ...log, from: { meaning: 'Number of the first record that was put back.' }, to: { meaning: 'Number of the last.' }, count: { meaning: 'How many they are.' }, since: { meaning: 'When the first of them was written (ISO 8601, UTC): the rest of the database is as it was before then.' }, types: { meaning: 'How many there are of each type.', json: true }, booted: { meaning: 'When the machine was started (ISO 8601, UTC): what was written after that was not lost with its power.' }, logs: { meaning: 'Names of the logs that began among them.' } },
  },
  'log.pruned': {
    meaning: 'The entries of a closed log were removed after their time; its final checkpoint stays.',
    keep,
    fields: { ...log, ...actor, from: { meaning: 'Number of its first record.' }, count: { meaning: 'How many records were removed.' }, checkpoint: { meaning: 'Its final checkpoint.' }, years: { meaning: 'How many years records are kept.' }, tiles: { meaning: '`removed`, when its tiles were removed as well.' }, reason: { meaning: 'Why, in the words of the operator.', personal: true } },
  },
  'witness.added': { meaning: 'A witness of our log is known from now on, or has another key.', keep, fields: { ...witness, vkey: log.vkey, url: { meaning: 'Where it is asked.' } } },
  'witness.lagging': {
    meaning: 'A witness does not cosign our log, or not any more.',
    keep,
    fields: { ...witness, origin: log.origin, size: { meaning: 'How many entries our log has.' }, cosigned: { meaning: 'How many of them it has cosigned.' }, since: { meaning: 'Since when it fails (ISO 8601, UTC).' }, reason: { meaning: 'What it answered, or why there is no answer.' } },
  },
  'witness.recovered': { meaning: 'A witness cosigns our log again.', keep, fields: { ...witness, origin: log.origin, size: { meaning: 'How many entries it cosigned.' } } },
  'witness.log_seen': { meaning: 'As a witness, we have seen a log of a partner for the first time. Its key counts for it from now on.', keep, fields: { partner: parties.partner, origin: log.origin, vkey: log.vkey } },
  'witness.state_restored': {
    meaning: 'As a witness, we had cosigned more of a log of a partner than the database knew, or something else: it is from a backup, or somebody wrote in it. What we cosigned was put back from the folder of the log.',
    keep,
    fields: { partner: parties.partner, origin: log.origin, size: { meaning: 'How many entries we had cosigned.' }, had: { meaning: 'How many of them the database knew of.' } },
  },
  'witness.refused': {
    meaning: 'As a witness, we did not cosign what a key of a partner has signed.',
    keep,
    fields: {
      partner: parties.partner,
      origin: log.origin,
      reason: { meaning: '`fork`: another tree of the same size; `proof`: not shown to have only grown; `behind`: less than before, perhaps an old checkpoint that somebody sent again; `key`: another key than the log was first seen with.' },
      size: { meaning: 'How many entries the refused checkpoint has.' },
      cosigned: { meaning: 'How many we cosigned last.' },
      checkpoint: { ...checkpoint, meaning: 'The refused checkpoint.', bulky: true },
      cosignedCheckpoint: { ...checkpoint, meaning: 'The one that we cosigned last.', bulky: true },
      count: { meaning: 'How many refusals this record stands for.' },
    },
  },
} as const satisfies Record<string, EventInfo>
