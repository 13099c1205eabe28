/* Generated from audit.yaml by `npm run generate`; do not edit.
   sha256 of audit.yaml: c27786fe105aa925abe41d0575b01cf044daeea0b0b70c6e18f72553ad2ea355
   sha256 of management.yaml: 20cbfbc1abf6f0e4bae7f289280ac14cf85163fa5c6ff602a0e5fc8c1c9206ad */

export interface paths {
    readonly "/audit/entries": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The record, oldest first */
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
                readonly index: number;
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
    readonly "/audit/export": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * The record as a stream, up to what was recorded when it began
         * @description `ndjson`: one entry a line. `csv`: index, time, type, partner, agreement, transfer, dataset and the whole entry as JSON; a cell that a spreadsheet would run as a formula
         *     has a `'` put before it.
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
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
    };
    responses: {
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
        /** @description From this time on */
        readonly Since: string;
        /** @description Before this time */
        readonly Until: string;
        /** @description `next` of the page before */
        readonly Cursor: string;
        readonly Limit: number;
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
                readonly type?: components["parameters"]["AuditType"];
                readonly agreement?: components["parameters"]["AuditAgreement"];
                readonly transfer?: components["parameters"]["AuditTransfer"];
                readonly partner?: components["parameters"]["AuditPartner"];
                readonly dataset?: components["parameters"]["AuditDataset"];
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
                readonly index: number;
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
    readonly exportAudit: {
        readonly parameters: {
            readonly query?: {
                readonly format?: "ndjson" | "csv";
                readonly type?: components["parameters"]["AuditType"];
                readonly agreement?: components["parameters"]["AuditAgreement"];
                readonly transfer?: components["parameters"]["AuditTransfer"];
                readonly partner?: components["parameters"]["AuditPartner"];
                readonly dataset?: components["parameters"]["AuditDataset"];
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
            /** @description The entries */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": string;
                    readonly "text/csv": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
}
