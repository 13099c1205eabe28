/* Generated from audit.yaml by `npm run generate`; do not edit.
   sha256 of audit.yaml: af1afe443c8fca3059af56bbda222d00184aa1c7c7920e588ca657377319ae42
   sha256 of management.yaml: 95d8251c593c50225d1dc23fd0bbe592ab027b66557def8cef354fb6345fdc8e */

export interface paths {
    readonly "/audit/entries": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Search the record
         * @description All conditions hold together. `order=desc` gives the newest first; a cursor goes on in the order of the page that gave it.
         */
        readonly get: operations["listAuditEntries"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/entries/{index}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly index: components["parameters"]["RecordIndex"];
            };
            readonly cookie?: never;
        };
        /** One entry of the record, by its number */
        readonly get: operations["getAuditEntry"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/entries/{index}/proof": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly index: components["parameters"]["RecordIndex"];
            };
            readonly cookie?: never;
        };
        /**
         * The proof that an entry is in its log
         * @description The entry as it was hashed, its place in its log, the proof of inclusion (RFC 6962 §2.1.1) and the signed checkpoint that it leads to: the
         *     newest one that witnesses have cosigned, when it covers the entry. `receipt` is the same as a C2SP tlog-proof.
         */
        readonly get: operations["getAuditProof"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/statistics": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Requests for data by period, for a chart
         * @description What was permitted, refused, released and received in each day, week or month of the time zone. Periods without any are left out.
         */
        readonly get: operations["getAuditStatistics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/export": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The record as a file, up to what was recorded when it began
         * @description `ndjson`: one entry a line. `csv` and `parquet`: one row an entry, with columns for what is searched and counted, times in the time zone and in UTC, and
         *     the whole entry as JSON; in CSV a cell that a spreadsheet would run as a formula has a `'` put before it. The export is itself recorded
         *     (`audit.exported`), before the first entry is written.
         */
        readonly get: operations["exportAudit"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/evidence/{agreementId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        /**
         * The evidence of an agreement, as a file that anyone can verify
         * @description A ZIP of the form `concordat-evidence/1`: the agreement as exchanged, every record of it with its proof, checkpoints with their cosignatures, keys and
         *     their changes, receipts, a manifest of digests that the log's key has signed, and a page for people. That it was asked for is recorded first
         *     (`audit.evidence`), and witnesses are asked to cosign that. `concordat audit verify` verifies it without a connector; docs/evidence.md has the form for other verifiers.
         */
        readonly get: operations["getEvidence"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/logs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The logs of this connector, oldest first
         * @description Each year, and each new key, begins another. Numbers of the record run on through all of them.
         */
        readonly get: operations["listLogs"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/logs/{log}/checkpoint": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
            };
            readonly cookie?: never;
        };
        /** The checkpoint that is published, with all cosignatures (C2SP tlog-checkpoint) */
        readonly get: operations["getLogCheckpoint"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/logs/{log}/consistency": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
            };
            readonly cookie?: never;
        };
        /** The proof that one size of a log continues another (RFC 6962 §2.1.2) */
        readonly get: operations["getLogConsistency"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/logs/{log}/tiles/{level}/{index}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
                readonly level: number;
                readonly index: number;
            };
            readonly cookie?: never;
        };
        /** Hashes of a tile (C2SP tlog-tiles) */
        readonly get: operations["getLogTile"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/logs/{log}/entries/{index}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
                readonly index: number;
            };
            readonly cookie?: never;
        };
        /** A bundle of entries as they were hashed (C2SP tlog-tiles) */
        readonly get: operations["getLogEntries"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/witnesses": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Who cosigns our log, and how far
         * @description Partners whose DID document names a witness, and those of CONCORDAT_WITNESSES. Asked while the log grows, after agreements, and by `POST`.
         */
        readonly get: operations["listWitnesses"];
        readonly put?: never;
        /** Ask all witnesses now to cosign our log */
        readonly post: operations["askWitnesses"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The catalogue of what is recorded
         * @description Every type of record with its fields. `events.md` beside this document is the same for people.
         */
        readonly get: operations["listEventTypes"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/names": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * What partners and datasets of the record are called today
         * @description Names of partners in the register and titles of our own datasets, as they are now: records have ids alone, which nothing renames. What is not known here, or not any more, is left out.
         */
        readonly get: operations["nameRecorded"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/erase": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Erase what records say of a person
         * @description Removes values and salts of personal fields of the records that name a user, an actor or a caller, or of records by their numbers. The log keeps
         *     salted commitments, so that every proof holds as before. The erasure is recorded in turn: which records and fields, by whom and why, but not the value.
         */
        readonly post: operations["eraseRecords"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/logs/{log}/prune": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly log: string;
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Remove the entries of a closed log after their time
         * @description Its final checkpoint stays, and its tiles, so that receipts of its records can still be checked and extended; with `tiles` they are removed as well. 'conflict' for a log that is open, or younger than records are kept.
         */
        readonly post: operations["pruneLog"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/log": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Whether the log runs or is stopped, and the faults that were found in it */
        readonly get: operations["getLogStatus"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/check": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Read the whole record and compare it with all that was signed of it
         * @description Answers when it is done; `GET /audit/log` tells meanwhile how far it is. What is found stops the log. 'conflict' while another check is running.
         */
        readonly post: operations["checkLog"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/log/recover": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Bring a stopped log back to work
         * @description Ends the broken log, and begins another whose first entries tell of the break. Each fault must be acknowledged. `docs/log-recovery.md` says what to do before.
         */
        readonly post: operations["recoverLog"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/audit/log/rotate": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Begin a log with a new key
         * @description The old key signs the last entry of the old log, which names the new key.
         */
        readonly post: operations["rotateLogKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description On whose request, or why; kept in the record */
        readonly WrittenReason: string;
        readonly LogFault: {
            readonly id: string;
            readonly log: string;
            /** @description A stable word */
            readonly kind: string;
            readonly message: string;
            readonly detail?: {
                readonly [key: string]: unknown;
            };
            readonly foundAt?: components["schemas"]["Time"];
            readonly resolvedAt?: components["schemas"]["Time"];
        };
        readonly LogState: {
            /** @enum {unknown} */
            readonly state: "running" | "stopped";
            /** @description The log that takes the entries */
            readonly log?: string;
            /** @description Number that the next record gets */
            readonly size: number;
            /** @description Number of the first record that no signed checkpoint covers */
            readonly sealed: number;
            /** @description Also those of the past */
            readonly faults: readonly components["schemas"]["LogFault"][];
            /** @description How far a check is that runs here */
            readonly checking?: {
                readonly log: string;
                readonly entries: number;
                readonly of: number;
            };
        };
        readonly LogCheck: {
            readonly startedAt: components["schemas"]["Time"];
            readonly finishedAt: components["schemas"]["Time"];
            readonly entries: number;
            readonly logs: readonly {
                readonly name: string;
                readonly origin: string;
                readonly entries: number;
                readonly pruned: boolean;
            }[];
            readonly findings: readonly components["schemas"]["LogFault"][];
            /** @description Breaks of the past, which are on record */
            readonly breaks: readonly components["schemas"]["LogFault"][];
        };
        /**
         * @description Tell what would be removed, and remove nothing
         * @default false
         */
        readonly DryRun: boolean;
        /**
         * @example {
         *       "name": "data.city.example/witness",
         *       "partner": "did:web:data.city.example",
         *       "url": "https://data.city.example/witness",
         *       "vkey": "data.city.example/witness+0a1b2c3d+BKx7",
         *       "origin": "us.example/log/2026",
         *       "size": 1204,
         *       "seenAt": "2026-03-02T09:30:00.000Z",
         *       "lag": 3
         *     }
         */
        readonly Witness: {
            readonly name: string;
            /** @description Participant id; a witness from the settings has none */
            readonly partner?: string;
            readonly url: string;
            /** @description Its key (C2SP signed-note) */
            readonly vkey: string;
            /** @description Which of our logs it cosigned last */
            readonly origin?: string;
            /** @description How many of its entries */
            readonly size?: number;
            readonly seenAt?: components["schemas"]["Time"];
            /** @description How many entries of the open log it has not cosigned */
            readonly lag: number;
            readonly failingSince?: components["schemas"]["Time"];
            /** @description What it answered last, or why there was no answer */
            readonly failure?: string;
            /** @description When an alarm was raised that still stands */
            readonly alarmedAt?: components["schemas"]["Time"];
        };
        readonly EventDescription: {
            readonly type: string;
            readonly subject: string;
            readonly meaning: string;
            /** @enum {unknown} */
            readonly keep: "evidence" | "operation";
            readonly fields: readonly {
                /** @description A field inside another by its path: request.query */
                readonly name: string;
                readonly meaning: string;
                /** @description The log has a salted commitment; the value can be erased */
                readonly personal: boolean;
                /** @description The log has a commitment because the value is large */
                readonly bulky: boolean;
            }[];
        };
        /**
         * @example {
         *       "user": "0Jx5bCk9",
         *       "reason": "Request of 2 March 2026, file 12/2026"
         *     }
         */
        readonly ErasureRequest: {
            /** @description Pseudonym of a user */
            readonly user?: string;
            /** @description Name of an API token, or of a user of ours */
            readonly actor?: string;
            /** @description Network address */
            readonly caller?: string;
            readonly records?: readonly number[];
            /** @description Only these personal fields, beside those that hold the value; all of them without it */
            readonly fields?: readonly string[];
            readonly reason: components["schemas"]["WrittenReason"];
            readonly dryRun?: components["schemas"]["DryRun"];
        } & (unknown | unknown | unknown | unknown);
        readonly Erasure: {
            /** @description How many records lost fields */
            readonly records: number;
            readonly fields: readonly string[];
            /** @description Numbers of the records that tell of it */
            readonly recorded: readonly number[];
            /** @description Releases that are running, whose end will be recorded with the value: erase again once they have ended */
            readonly running: number;
            /** @description Valid tokens that still have the name of the actor: revoke them, and erase again. Those that are revoked or over lose it. */
            readonly tokens: number;
        };
        /**
         * @example {
         *       "index": 41,
         *       "time": "2026-03-02T09:30:00.000Z",
         *       "type": "data.released",
         *       "partner": "did:web:connector.city.example",
         *       "transfer": "urn:uuid:7d8",
         *       "bytes": 18233011
         *     }
         */
        readonly AuditEntry: {
            /** @description Numbered without gaps */
            readonly index: number;
            readonly time: components["schemas"]["Time"];
            readonly type: string;
            readonly partner?: string;
            readonly agreement?: string;
            readonly transfer?: string;
            readonly dataset?: string;
            /** @description The name of the token that did it */
            readonly actor?: string;
        } & {
            readonly [key: string]: unknown;
        };
        readonly AuditEntryPage: {
            readonly items: readonly components["schemas"]["AuditEntry"][];
            readonly next: components["schemas"]["Next"];
        };
        /** @description SHA-256, base64 */
        readonly Hash: string;
        readonly Log: {
            readonly name: string;
            /** @description The first line of its checkpoints */
            readonly origin: string;
            /** @description Its key, as C2SP signed-note writes it */
            readonly vkey: string;
            /** @description The number in the record of its entry 0 */
            readonly start: number;
            /** @description How many entries it came to; null while it is open */
            readonly size: number | null;
            readonly openedAt: components["schemas"]["Time"];
            readonly closedAt: components["schemas"]["TimeOrNull"];
            /** @description When its entries were removed after their time */
            readonly prunedAt: components["schemas"]["TimeOrNull"];
        };
        readonly Logs: {
            readonly items: readonly components["schemas"]["Log"][];
        };
        readonly AuditProof: {
            readonly index: number;
            /** @description The entry as it was hashed: canonical JSON */
            readonly entry: string;
            readonly log: string;
            readonly origin: string;
            readonly vkey: string;
            /** @description Its number in that log */
            readonly leafIndex: number;
            readonly leafHash: components["schemas"]["Hash"];
            readonly proof: readonly components["schemas"]["Hash"][];
            /** @description How many entries the checkpoint covers */
            readonly size: number;
            /** @description The signed note with its cosignatures */
            readonly checkpoint: string;
            /** @description Who cosigned the checkpoint */
            readonly cosigned: readonly components["schemas"]["Cosigned"][];
            /** @description C2SP tlog-proof */
            readonly receipt: string;
        };
        readonly Cosigned: {
            /** @description Name of its key */
            readonly witness: string;
            readonly time: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "by": "month",
         *       "timeZone": "Europe/Madrid",
         *       "items": [
         *         {
         *           "start": "2026-03-01",
         *           "records": 25,
         *           "permitted": 12,
         *           "refused": 3,
         *           "rows": 1044,
         *           "bytes": 88120,
         *           "codes": {
         *             "not-permitted": 2,
         *             "quota-exceeded": 1
         *           }
         *         }
         *       ]
         *     }
         */
        readonly AuditStatistics: {
            /** @enum {unknown} */
            readonly by: "day" | "week" | "month";
            readonly timeZone: string;
            readonly items: readonly components["schemas"]["AuditPeriod"][];
        };
        readonly AuditPeriod: {
            /**
             * Format: date
             * @description The first day of the period
             */
            readonly start: string;
            readonly records: number;
            /** @description Requests and deliveries that were permitted; as consumer, those that were answered */
            readonly permitted: number;
            readonly refused: number;
            /** @description Rows of permitted answers */
            readonly rows: number;
            /** @description Bytes that went out, or came in */
            readonly bytes: number;
            /** @description Refusals by their code */
            readonly codes: {
                readonly [key: string]: number;
            };
        };
        /** @description Opaque; ours are `urn:uuid:…` */
        readonly Id: string;
        /** @enum {unknown} */
        readonly ProblemCode: "bad-request" | "malformed-json" | "duplicate-key" | "too-deep" | "invalid-message" | "invalid-state" | "pid-mismatch" | "unsupported-filter" | "unsupported-policy" | "invalid-policy" | "invalid-query" | "unknown-column" | "query-too-large" | "unsupported-format" | "unknown-offer" | "address-refused" | "invalid-cursor" | "invalid-source" | "invalid-path" | "unauthenticated" | "forbidden" | "not-permitted" | "withheld" | "statement-required" | "statement-refused" | "not-found" | "method-not-allowed" | "not-acceptable" | "conflict" | "already-exists" | "gone" | "precondition-failed" | "too-large" | "unsupported-media-type" | "range-not-satisfiable" | "invalid-evidence" | "digest-mismatch" | "idempotency-key-reused" | "precondition-required" | "quota-exceeded" | "too-many-requests" | "internal" | "peer-failed" | "source-failed" | "record-unavailable" | "log-stopped" | "store-unavailable" | "peer-timeout" | "query-timeout";
        readonly Problem: {
            readonly type?: string;
            readonly title: string;
            readonly status: number;
            /** @description What to do about it */
            readonly detail?: string;
            readonly code: components["schemas"]["ProblemCode"];
        };
        /** Format: date-time */
        readonly Time: string;
        /** @description The cursor of the following page */
        readonly Next: string | null;
        /** Format: date-time */
        readonly TimeOrNull: string | null;
    };
    responses: {
        /** @description The witnesses, by name */
        readonly Witnesses: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": {
                    readonly items: readonly components["schemas"]["Witness"][];
                };
            };
        };
        /** @description A refusal */
        readonly Problem: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:concordat:problem:not-found",
                 *       "title": "There is no such thing here",
                 *       "status": 404,
                 *       "detail": "There is no dataset urn:uuid:1.",
                 *       "code": "not-found"
                 *     }
                 */
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        readonly AuditType: string;
        readonly AuditAgreement: components["schemas"]["Id"];
        readonly AuditTransfer: components["schemas"]["Id"];
        readonly AuditPartner: components["schemas"]["Id"];
        readonly AuditDataset: components["schemas"]["Id"];
        /** @description Of whoever asked; in records of our own questions, the role that was stated */
        readonly AuditRole: string;
        /** @description The purpose that was stated */
        readonly AuditPurpose: string;
        /** @description How a question was answered: by us, or by the partner that we asked */
        readonly AuditDecision: "permit" | "deny";
        /** @description From the record with this number on */
        readonly FromRecord: number;
        /** @description Up to the record with this number */
        readonly ToRecord: number;
        /** @description A name of the IANA time zone database */
        readonly TimeZone: string;
        readonly RecordIndex: number;
        readonly Log: string;
        readonly Width: number;
        /** @description From this time on */
        readonly Since: string;
        /** @description Before this time */
        readonly Until: string;
        /** @description `next` of the page before */
        readonly Cursor: string;
        readonly Limit: number;
        /** @description Any text that is new for a new request */
        readonly IdempotencyKey: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly listAuditEntries: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly order?: "asc" | "desc";
                readonly type?: components["parameters"]["AuditType"];
                readonly agreement?: components["parameters"]["AuditAgreement"];
                readonly transfer?: components["parameters"]["AuditTransfer"];
                readonly partner?: components["parameters"]["AuditPartner"];
                readonly dataset?: components["parameters"]["AuditDataset"];
                /** @description Of whoever asked; in records of our own questions, the role that was stated */
                readonly role?: components["parameters"]["AuditRole"];
                /** @description The purpose that was stated */
                readonly purpose?: components["parameters"]["AuditPurpose"];
                /** @description How a question was answered: by us, or by the partner that we asked */
                readonly decision?: components["parameters"]["AuditDecision"];
                /** @description From this time on */
                readonly since?: components["parameters"]["Since"];
                /** @description Before this time */
                readonly until?: components["parameters"]["Until"];
                /** @description From the record with this number on */
                readonly from?: components["parameters"]["FromRecord"];
                /** @description Up to the record with this number */
                readonly to?: components["parameters"]["ToRecord"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getAuditEntry: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly index: components["parameters"]["RecordIndex"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The entry */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AuditEntry"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getAuditProof: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly index: components["parameters"]["RecordIndex"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The proof */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AuditProof"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getAuditStatistics: {
        readonly parameters: {
            readonly query?: {
                readonly by?: "day" | "week" | "month";
                /** @description A name of the IANA time zone database */
                readonly timeZone?: components["parameters"]["TimeZone"];
                readonly agreement?: components["parameters"]["AuditAgreement"];
                readonly partner?: components["parameters"]["AuditPartner"];
                readonly dataset?: components["parameters"]["AuditDataset"];
                /** @description Of whoever asked; in records of our own questions, the role that was stated */
                readonly role?: components["parameters"]["AuditRole"];
                /** @description The purpose that was stated */
                readonly purpose?: components["parameters"]["AuditPurpose"];
                /** @description From this time on */
                readonly since?: components["parameters"]["Since"];
                /** @description Before this time */
                readonly until?: components["parameters"]["Until"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description One item a period, oldest first */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["AuditStatistics"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly exportAudit: {
        readonly parameters: {
            readonly query?: {
                readonly format?: "ndjson" | "csv" | "parquet";
                /** @description A name of the IANA time zone database */
                readonly timeZone?: components["parameters"]["TimeZone"];
                readonly type?: components["parameters"]["AuditType"];
                readonly agreement?: components["parameters"]["AuditAgreement"];
                readonly transfer?: components["parameters"]["AuditTransfer"];
                readonly partner?: components["parameters"]["AuditPartner"];
                readonly dataset?: components["parameters"]["AuditDataset"];
                /** @description Of whoever asked; in records of our own questions, the role that was stated */
                readonly role?: components["parameters"]["AuditRole"];
                /** @description The purpose that was stated */
                readonly purpose?: components["parameters"]["AuditPurpose"];
                /** @description How a question was answered: by us, or by the partner that we asked */
                readonly decision?: components["parameters"]["AuditDecision"];
                /** @description From this time on */
                readonly since?: components["parameters"]["Since"];
                /** @description Before this time */
                readonly until?: components["parameters"]["Until"];
                /** @description From the record with this number on */
                readonly from?: components["parameters"]["FromRecord"];
                /** @description Up to the record with this number */
                readonly to?: components["parameters"]["ToRecord"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The entries */
            readonly 200: {
                headers: {
                    /** @description How many entries follow */
                    readonly "Concordat-Count"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": string;
                    readonly "text/csv": string;
                    readonly "application/vnd.apache.parquet": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getEvidence: {
        readonly parameters: {
            readonly query?: {
                /** @description Fields whose values are left out, with commas between them, such as `user,actor,request.query` */
                readonly redact?: string;
            };
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The evidence */
            readonly 200: {
                headers: {
                    readonly "Content-Disposition"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/zip": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listLogs: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The logs */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Logs"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLogCheckpoint: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A signed note */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/plain": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLogConsistency: {
        readonly parameters: {
            readonly query: {
                readonly from: number;
                readonly to: number;
            };
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The proof */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly log: string;
                        readonly from: number;
                        readonly to: number;
                        readonly proof: readonly components["schemas"]["Hash"][];
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLogTile: {
        readonly parameters: {
            readonly query?: {
                readonly width?: components["parameters"]["Width"];
            };
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
                readonly level: number;
                readonly index: number;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description `width` hashes of 32 bytes */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/octet-stream": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLogEntries: {
        readonly parameters: {
            readonly query?: {
                readonly width?: components["parameters"]["Width"];
            };
            readonly header?: never;
            readonly path: {
                readonly log: components["parameters"]["Log"];
                readonly index: number;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description `width` entries, each after its length in two bytes */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/octet-stream": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listWitnesses: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Witnesses"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly askWitnesses: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Witnesses"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listEventTypes: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description All types */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly items: readonly components["schemas"]["EventDescription"][];
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly nameRecorded: {
        readonly parameters: {
            readonly query: {
                /** @description Ids of partners and datasets, as records have them */
                readonly id: readonly string[];
                /** @description Language of titles that have several */
                readonly language?: string;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Those that are known */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "did:web:data.city.example",
                     *           "kind": "partner",
                     *           "name": "City data office"
                     *         }
                     *       ]
                     *     }
                     */
                    readonly "application/json": {
                        readonly items: readonly {
                            readonly id: string;
                            /** @enum {unknown} */
                            readonly kind: "partner" | "dataset";
                            readonly name: string;
                        }[];
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly eraseRecords: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ErasureRequest"];
            };
        };
        readonly responses: {
            /** @description What was erased */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Erasure"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly pruneLog: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly log: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly reason: components["schemas"]["WrittenReason"];
                    readonly dryRun?: components["schemas"]["DryRun"];
                    /** @description Remove the tiles as well. */
                    readonly tiles?: boolean;
                };
            };
        };
        readonly responses: {
            /** @description What was removed */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly log: string;
                        readonly records: number;
                        /** @description Agreements that have not ended and had records in it */
                        readonly runningAgreements: number;
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLogStatus: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The state */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["LogState"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly checkLog: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description What was found */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["LogCheck"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly recoverLog: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": {
                    readonly reason: components["schemas"]["WrittenReason"];
                    /** @description Ids of the faults */
                    readonly acknowledge: readonly string[];
                    /** @description Go on although no witness answers. Without it that is a 'conflict': nobody can say whether the name and the numbers of the next log were used before. */
                    readonly withoutWitnesses?: boolean;
                };
            };
        };
        readonly responses: {
            /** @description The new log */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly log: string;
                        /** @description Number in the record of its first entry */
                        readonly start: number;
                        readonly newKey: boolean;
                        readonly resolved: readonly string[];
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly rotateLogKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The new log */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly log: string;
                        readonly vkey: string;
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
}
