/* Generated from management.yaml by `npm run generate`; do not edit.
   sha256 of management.yaml: e058dded232e4bf78cfe3e6ebdd989a986e054a22ad1c58807cc4a39cbdcdd13 */

export interface paths {
    "/self": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who this connector is */
        get: operations["getSelf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as server-sent events
         * @description One event for each audit entry: `id` is its index, `event` its type, `data` the entry as JSON. A new stream starts with what happens
         *     from now on; `Last-Event-ID` (or `after`) resumes after that index. A comment line comes every 15 seconds.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a new signing key; the old one stays in the DID document until its tokens are over */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether it can take requests */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus metrics */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/partners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The partners, by id */
        get: operations["listPartners"];
        put?: never;
        /** Let a partner in */
        post: operations["addPartner"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/partners/{partnerId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                partnerId: components["parameters"]["PartnerId"];
            };
            cookie?: never;
        };
        /** One partner */
        get: operations["getPartner"];
        put?: never;
        post?: never;
        /** Shut a partner out; its access tokens end at once */
        delete: operations["removePartner"];
        options?: never;
        head?: never;
        /** Change name or address */
        patch: operations["updatePartner"];
        trace?: never;
    };
    "/partners/{partnerId}/catalog": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                partnerId: components["parameters"]["PartnerId"];
            };
            cookie?: never;
        };
        /** What the partner offers us, asked of its connector now */
        get: operations["readPartnerCatalog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/partners/{partnerId}/catalog/datasets/{datasetId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                partnerId: components["parameters"]["PartnerId"];
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        /** One dataset of the partner's catalog */
        get: operations["readPartnerDataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file for a new dataset
         * @description The body is the file itself, streamed: no multipart, no size limit but the configured one. It waits 24 hours for the `POST /datasets` that names it.
         *     New content of a dataset that exists goes to `POST /datasets/{datasetId}/versions`.
         */
        post: operations["uploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The datasets, oldest first */
        get: operations["listDatasets"];
        put?: never;
        /**
         * Register a dataset
         * @description The first content of a `file` source is an upload (`POST /uploads` first, then its id here), or a file at a `path` under a folder that the
         *     configuration names. Columns are inferred from the data; those given are laid over them.
         */
        post: operations["createDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/datasets/{datasetId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        /** One dataset */
        get: operations["getDataset"];
        put?: never;
        post?: never;
        /** Remove a dataset; 409 while an offer or an agreement needs it */
        delete: operations["removeDataset"];
        options?: never;
        head?: never;
        /**
         * Change metadata or source
         * @description Members of `metadata` that are given replace the present ones; null removes one; others stay. `columns` is replaced as a whole.
         */
        patch: operations["updateDataset"];
        trace?: never;
    };
    "/datasets/{datasetId}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        /** The versions of a file dataset, newest first */
        get: operations["listDatasetVersions"];
        put?: never;
        /**
         * Upload new content
         * @description The body is the file itself, streamed: no multipart, no size limit but the configured one. Or, with `path`, the request has no body and names a file
         *     under a configured folder.
         */
        post: operations["addDatasetVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/datasets/{datasetId}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                datasetId: components["parameters"]["DatasetId"];
                number: number;
            };
            cookie?: never;
        };
        /** One version */
        get: operations["getDatasetVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/offers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The offers, oldest first */
        get: operations["listOffers"];
        put?: never;
        /** Offer datasets under a policy to an audience */
        post: operations["createOffer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/offers/{offerId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                offerId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        /** One offer */
        get: operations["getOffer"];
        put?: never;
        post?: never;
        /** Withdraw an offer; agreements made under it stay */
        delete: operations["removeOffer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The names of the secrets */
        get: operations["listSecrets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/secrets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["schemas"]["SecretName"];
            };
            cookie?: never;
        };
        get?: never;
        /** Set a secret; it is sealed and never shown again */
        put: operations["putSecret"];
        post?: never;
        /** Remove a secret */
        delete: operations["removeSecret"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The negotiations, newest first */
        get: operations["listNegotiations"];
        put?: never;
        /**
         * As consumer: ask a partner for one of its offers
         * @description `offer` is the id of an offer in the partner's catalog, or a whole ODRL offer of our own making (a first counter-offer). With an id and without `dataset`, the
         *     partner's catalog is searched for it.
         */
        post: operations["requestNegotiation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations/offers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** As provider: make a partner an offer that it has not asked for */
        post: operations["offerNegotiation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations/{negotiationId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        /** One negotiation */
        get: operations["getNegotiation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations/{negotiationId}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** As consumer: accept the offer on the table */
        post: operations["acceptNegotiation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations/{negotiationId}/counter": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Either side: put another offer on the table */
        post: operations["counterNegotiation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations/{negotiationId}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take the step that waits for a person (agree, verify or finalize) */
        post: operations["approveNegotiation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/negotiations/{negotiationId}/terminate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the negotiation without an agreement */
        post: operations["terminateNegotiation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agreements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The agreements, newest first */
        get: operations["listAgreements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agreements/{agreementId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agreementId: components["parameters"]["AgreementId"];
            };
            cookie?: never;
        };
        /** One agreement */
        get: operations["getAgreement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agreements/{agreementId}/message": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agreementId: components["parameters"]["AgreementId"];
            };
            cookie?: never;
        };
        /** The agreement message byte for byte as it was exchanged */
        get: operations["getAgreementMessage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The transfers, newest first */
        get: operations["listTransfers"];
        put?: never;
        /** As consumer: ask for the data of an agreement */
        post: operations["requestTransfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        /** One transfer */
        get: operations["getTransfer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/start": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** As provider: start a requested transfer that waits */
        post: operations["startTransfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Suspend; the access token ends at once */
        post: operations["suspendTransfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start again after a suspension, with a new access token */
        post: operations["resumeTransfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End well */
        post: operations["completeTransfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/terminate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End before it was complete */
        post: operations["terminateTransfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/data-address": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        /** As consumer: where the provider serves the data of a started pull transfer, and the header to send */
        get: operations["getDataAddress"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/data": {
        parameters: {
            query?: {
                /** @description The original file without it */
                format?: "csv" | "ndjson" | "json" | "parquet" | "original";
                /** @description An older version of a file */
                version?: number;
                /** @description For an HTTP source: the path below the endpoint, with its query string (`/stations?limit=5`) */
                path?: string;
            };
            header?: {
                Accept?: string;
                Range?: string;
                "If-Range"?: string;
                "If-None-Match"?: string;
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        /**
         * As consumer: the data, streamed from the provider through this connector
         * @description Status, `Content-Range`, `ETag`, `Content-Digest`, `Content-Disposition` and the like are the provider's.
         */
        get: operations["downloadData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /** The headers of the data */
        head: operations["inspectData"];
        patch?: never;
        trace?: never;
    };
    "/transfers/{transferId}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        /** What a push delivered */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The record, oldest first */
        get: operations["listAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The record as a stream, up to what was recorded when it began
         * @description `ndjson`: one entry a line. `csv`: index, time, type, partner, agreement, transfer, dataset and the whole entry as JSON; a cell that a spreadsheet would run as a formula
         *     has a `'` put before it.
         */
        get: operations["exportAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/outbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Messages not delivered yet, oldest first */
        get: operations["listOutbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/outbox/{messageId}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                messageId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try to deliver again, now */
        post: operations["retryMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tokens of this API, without the tokens themselves */
        get: operations["listTokens"];
        put?: never;
        /** Make a token; it is shown in this answer and never again */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens/{tokenId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tokenId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token, at once
         * @description The last operator token that is valid cannot be revoked (409).
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            type?: string;
            title: string;
            status: number;
            /** @description What to do about it */
            detail?: string;
            code: components["schemas"]["ProblemCode"];
        };
        /** @enum {unknown} */
        ProblemCode: "bad-request" | "malformed-json" | "duplicate-key" | "too-deep" | "invalid-message" | "invalid-state" | "pid-mismatch" | "unsupported-filter" | "unsupported-policy" | "unsupported-format" | "unknown-offer" | "address-refused" | "invalid-cursor" | "invalid-source" | "invalid-path" | "unauthenticated" | "forbidden" | "not-found" | "method-not-allowed" | "not-acceptable" | "conflict" | "already-exists" | "gone" | "precondition-failed" | "too-large" | "unsupported-media-type" | "range-not-satisfiable" | "digest-mismatch" | "idempotency-key-reused" | "precondition-required" | "too-many-requests" | "internal" | "peer-failed" | "source-failed" | "record-unavailable" | "store-unavailable" | "peer-timeout" | "query-timeout";
        /** @description Opaque; ours are `urn:uuid:…` */
        Id: string;
        /** @description Made here when it is left out */
        OwnId: string;
        /** @description A DID: `did:web:…` */
        ParticipantId: string;
        /** @description Base address of its Dataspace Protocol endpoint, with the version path; null: found through its DID document */
        PartnerAddress: string | null;
        FolderPath: string;
        /** Format: date-time */
        Time: string;
        /** Format: date-time */
        TimeOrNull: string | null;
        Sha256: string;
        /** @description The cursor of the following page */
        Next: string | null;
        /**
         * @description `automatic`: go on when what comes equals what was offered or asked; `manual`: wait for a person
         * @enum {unknown}
         */
        Decision: "automatic" | "manual";
        /**
         * @description What we are in it
         * @enum {unknown}
         */
        ProcessRole: "provider" | "consumer";
        /** @enum {unknown} */
        TokenRole: "operator" | "steward" | "legal" | "auditor";
        /** @enum {unknown} */
        NegotiationState: "REQUESTED" | "OFFERED" | "ACCEPTED" | "AGREED" | "VERIFIED" | "FINALIZED" | "TERMINATED";
        /** @enum {unknown} */
        TransferState: "REQUESTED" | "STARTED" | "SUSPENDED" | "COMPLETED" | "TERMINATED";
        /**
         * @default HttpData-PULL
         * @enum {unknown}
         */
        TransferFormat: "HttpData-PULL" | "HttpData-PUSH";
        SecretName: string;
        Health: {
            /** @enum {unknown} */
            status: "up" | "down";
        };
        Self: {
            id: components["schemas"]["ParticipantId"];
            /** @description The public address */
            address: string;
            version: string;
            /** @enum {unknown} */
            database: "pglite" | "postgresql";
            token: {
                name: string;
                role: components["schemas"]["TokenRole"];
            };
        };
        Partner: {
            id: components["schemas"]["ParticipantId"];
            name: string;
            address: string | null;
            version: number;
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
        };
        PartnerPage: {
            items: components["schemas"]["Partner"][];
            next: components["schemas"]["Next"];
        };
        /** @description A dcat:Dataset as the Dataspace Protocol 2025-1 has it */
        DcatDataset: {
            "@id": string;
            "@type"?: string;
            /** @description The offers; `@id` of one is what a negotiation asks for */
            hasPolicy?: {
                [key: string]: unknown;
            }[];
            distribution?: {
                [key: string]: unknown;
            }[];
        } & {
            [key: string]: unknown;
        };
        DcatDatasetPage: {
            items: components["schemas"]["DcatDataset"][];
            next: components["schemas"]["Next"];
        };
        /** @description A text by language (BCP 47) */
        Texts: {
            [key: string]: string;
        };
        /** @description Keywords by language (BCP 47) */
        Keywords: {
            [key: string]: string[];
        };
        Column: {
            name: string;
            /** @enum {unknown} */
            type: "string" | "integer" | "number" | "boolean" | "date" | "datetime" | "time" | "object";
            nullable: boolean;
            unit?: string;
            description?: components["schemas"]["Texts"];
        };
        Columns: components["schemas"]["Column"][];
        Period: {
            /** @description A date or a time */
            start?: string;
            end?: string;
        };
        Contact: {
            name?: string;
            email?: string;
            url?: string;
        };
        /** @description What a person says about a column; what is left out is taken from the data */
        ColumnEdit: {
            name: string;
            /** @enum {unknown} */
            type?: "string" | "integer" | "number" | "boolean" | "date" | "datetime" | "time" | "object";
            nullable?: boolean;
            unit?: string;
            description?: components["schemas"]["Texts"];
        };
        ColumnEdits: components["schemas"]["ColumnEdit"][];
        DatasetMetadata: {
            title: components["schemas"]["Texts"];
            description?: components["schemas"]["Texts"];
            publisher?: string;
            theme?: string[];
            keywords?: components["schemas"]["Keywords"];
            license?: string;
            period?: components["schemas"]["Period"];
            area?: string;
            contact?: components["schemas"]["Contact"];
            landingPage?: string;
            updateFrequency?: string;
            columns: components["schemas"]["Columns"];
        };
        DatasetMetadataInput: {
            title: components["schemas"]["Texts"];
            description?: components["schemas"]["Texts"];
            publisher?: string;
            theme?: string[];
            keywords?: components["schemas"]["Keywords"];
            license?: string;
            period?: components["schemas"]["Period"];
            area?: string;
            contact?: components["schemas"]["Contact"];
            landingPage?: string;
            updateFrequency?: string;
            columns?: components["schemas"]["ColumnEdits"];
        };
        DatasetMetadataChange: {
            title?: components["schemas"]["Texts"];
            description?: components["schemas"]["Texts"] | null;
            publisher?: string | null;
            theme?: string[] | null;
            keywords?: components["schemas"]["Keywords"] | null;
            license?: string | null;
            period?: components["schemas"]["Period"] | null;
            area?: string | null;
            contact?: components["schemas"]["Contact"] | null;
            landingPage?: string | null;
            updateFrequency?: string | null;
            columns?: components["schemas"]["ColumnEdits"];
        };
        /**
         * @default reference
         * @enum {unknown}
         */
        Keep: "reference" | "copy";
        UploadedFileSource: {
            /** @constant */
            type: "file";
            /** @description The id that `POST /uploads` answered */
            upload: components["schemas"]["Id"];
        };
        FolderFileSource: {
            /** @constant */
            type: "file";
            /** @description Absolute path of a file under a configured folder */
            path: components["schemas"]["FolderPath"];
            keep?: components["schemas"]["Keep"];
        };
        StoredFileSource: {
            /** @constant */
            type: "file";
        };
        TableSource: {
            /** @constant */
            type: "postgresql";
            /** @description The name of a configured connection */
            connection: string;
            /** @description A table or view: `schema.table`, or `table` */
            table: string;
        };
        HttpSource: {
            /** @constant */
            type: "http";
            baseUrl: string;
            methods: ("GET" | "HEAD" | "POST")[];
            /** @description What may be asked for; `*` stands for one segment or, at the end, the rest */
            paths: string[];
            /**
             * @description Headers of the caller that are passed on
             * @default []
             */
            requestHeaders: string[];
            /** @default [] */
            secrets: {
                header: string;
                secret: components["schemas"]["SecretName"];
            }[];
        };
        SourceInput: components["schemas"]["UploadedFileSource"] | components["schemas"]["FolderFileSource"] | components["schemas"]["TableSource"] | components["schemas"]["HttpSource"];
        /** @description A file dataset gets new content as a version */
        SourceChange: components["schemas"]["TableSource"] | components["schemas"]["HttpSource"];
        Source: components["schemas"]["StoredFileSource"] | components["schemas"]["TableSource"] | components["schemas"]["HttpSource"];
        FileVersion: {
            number: number;
            fileName: string;
            mediaType: string;
            bytes: number;
            /** @description null when it is not a table */
            rows: number | null;
            sha256: components["schemas"]["Sha256"];
            createdAt: components["schemas"]["Time"];
            removedAt: components["schemas"]["TimeOrNull"];
        };
        NewFileVersion: {
            number: number;
            fileName: string;
            mediaType: string;
            bytes: number;
            rows: number | null;
            sha256: components["schemas"]["Sha256"];
            createdAt: components["schemas"]["Time"];
            removedAt: components["schemas"]["TimeOrNull"];
            /** @description How its columns differ from those of the version before */
            changes: {
                added: string[];
                removed: string[];
                retyped: string[];
            };
        };
        FileVersionPage: {
            items: components["schemas"]["FileVersion"][];
            next: components["schemas"]["Next"];
        };
        Dataset: {
            id: components["schemas"]["Id"];
            metadata: components["schemas"]["DatasetMetadata"];
            source: components["schemas"]["Source"];
            /** @description The newest version of a file dataset */
            latest: components["schemas"]["FileVersion"] | null;
            /** @description Counts changes */
            version: number;
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
        };
        DatasetPage: {
            items: components["schemas"]["Dataset"][];
            next: components["schemas"]["Next"];
        };
        Rule: {
            action: string;
            constraint?: unknown[];
        } & {
            [key: string]: unknown;
        };
        /**
         * @description ODRL terms. Until terms can be enforced on every query, only the unconstrained policy is taken; anything else is refused with `unsupported-policy`.
         * @example {
         *       "permission": [
         *         {
         *           "action": "use"
         *         }
         *       ]
         *     }
         */
        Policy: {
            permission?: components["schemas"]["Rule"][];
            prohibition?: components["schemas"]["Rule"][];
            obligation?: components["schemas"]["Rule"][];
        } & {
            [key: string]: unknown;
        };
        /** @description An ODRL offer as a DSP message carries it */
        MessageOffer: {
            "@id": components["schemas"]["Id"];
            /** @constant */
            "@type": "Offer";
            target: components["schemas"]["Id"];
            assigner?: components["schemas"]["ParticipantId"];
            assignee?: components["schemas"]["ParticipantId"];
            permission?: components["schemas"]["Rule"][];
            prohibition?: components["schemas"]["Rule"][];
            obligation?: components["schemas"]["Rule"][];
        } & {
            [key: string]: unknown;
        };
        /** @description Who sees it; null: every partner */
        Audience: components["schemas"]["ParticipantId"][] | null;
        Offer: {
            id: components["schemas"]["Id"];
            datasets: {
                dataset: components["schemas"]["Id"];
                /** @description The id of this dataset's offer in the catalog */
                offer: components["schemas"]["Id"];
            }[];
            policy: components["schemas"]["Policy"];
            decision: components["schemas"]["Decision"];
            audience: components["schemas"]["Audience"];
            version: number;
            createdAt: components["schemas"]["Time"];
        };
        OfferPage: {
            items: components["schemas"]["Offer"][];
            next: components["schemas"]["Next"];
        };
        Secret: {
            name: components["schemas"]["SecretName"];
            createdAt: components["schemas"]["Time"];
        };
        SecretPage: {
            items: components["schemas"]["Secret"][];
            next: components["schemas"]["Next"];
        };
        Negotiation: {
            /** @description Our process id */
            id: components["schemas"]["Id"];
            role: components["schemas"]["ProcessRole"];
            partner: components["schemas"]["ParticipantId"];
            /** @description The partner's process id */
            partnerPid: string | null;
            partnerAddress: string;
            state: components["schemas"]["NegotiationState"];
            dataset: string;
            /** @description The offer on the table */
            offer: {
                [key: string]: unknown;
            };
            offeredBy: components["schemas"]["ProcessRole"];
            decision: components["schemas"]["Decision"];
            /** @description Why the last step was taken, or why it waits for a person */
            reason: string | null;
            /** @description What ended it, when it did not end well */
            error: string | null;
            agreement: string | null;
            deadlineAt: components["schemas"]["Time"];
            version: number;
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
        };
        NegotiationPage: {
            items: components["schemas"]["Negotiation"][];
            next: components["schemas"]["Next"];
        };
        Agreement: {
            id: components["schemas"]["Id"];
            role: components["schemas"]["ProcessRole"];
            negotiation: components["schemas"]["Id"];
            partner: components["schemas"]["ParticipantId"];
            assigner: string;
            assignee: string;
            dataset: string;
            /** @description The ODRL agreement */
            agreement: {
                [key: string]: unknown;
            };
            messageSha256: components["schemas"]["Sha256"];
            /** @description The timestamp in the agreement */
            signedAt: string;
            createdAt: components["schemas"]["Time"];
            /** @description From then on it counts */
            finalizedAt: components["schemas"]["TimeOrNull"];
        };
        AgreementPage: {
            items: components["schemas"]["Agreement"][];
            next: components["schemas"]["Next"];
        };
        Transfer: {
            /** @description Our process id */
            id: components["schemas"]["Id"];
            role: components["schemas"]["ProcessRole"];
            partner: components["schemas"]["ParticipantId"];
            partnerPid: string | null;
            partnerAddress: string;
            state: components["schemas"]["TransferState"];
            agreement: string;
            dataset: string;
            format: string;
            /** @enum {unknown} */
            suspendedBy: "provider" | "consumer" | null;
            reason: string | null;
            error: string | null;
            version: number;
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
        };
        TransferPage: {
            items: components["schemas"]["Transfer"][];
            next: components["schemas"]["Next"];
        };
        Delivery: {
            role: components["schemas"]["ProcessRole"];
            fileName: string;
            bytes: number;
            sha256: components["schemas"]["Sha256"];
            /** @description As consumer: where it is, below the data folder */
            path: string | null;
            /** @description As provider: what the consumer answered */
            receipt: unknown;
            completedAt: components["schemas"]["Time"];
        };
        DeliveryPage: {
            items: components["schemas"]["Delivery"][];
            next: components["schemas"]["Next"];
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
        AuditEntry: {
            /** @description Numbered without gaps */
            index: number;
            time: components["schemas"]["Time"];
            type: string;
            partner?: string;
            agreement?: string;
            transfer?: string;
            dataset?: string;
            /** @description The name of the token that did it */
            actor?: string;
        } & {
            [key: string]: unknown;
        };
        AuditEntryPage: {
            items: components["schemas"]["AuditEntry"][];
            next: components["schemas"]["Next"];
        };
        OutboxMessage: {
            id: components["schemas"]["Id"];
            /** @enum {unknown} */
            kind: "dsp" | "push";
            /** @description The negotiation or transfer it belongs to */
            process: string;
            /** @description The name of the message */
            name: string;
            recipient: string;
            url: string;
            /** @enum {unknown} */
            status: "pending" | "refused";
            attempts: number;
            nextAttemptAt: components["schemas"]["Time"];
            lastError: string | null;
            createdAt: components["schemas"]["Time"];
        };
        OutboxPage: {
            items: components["schemas"]["OutboxMessage"][];
            next: components["schemas"]["Next"];
        };
        Token: {
            id: components["schemas"]["Id"];
            name: string;
            role: components["schemas"]["TokenRole"];
            createdAt: components["schemas"]["Time"];
            expiresAt: components["schemas"]["TimeOrNull"];
            revokedAt: components["schemas"]["TimeOrNull"];
        };
        TokenPage: {
            items: components["schemas"]["Token"][];
            next: components["schemas"]["Next"];
        };
    };
    responses: {
        /** @description A refusal */
        Problem: {
            headers: {
                [name: string]: unknown;
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
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The negotiation */
        Negotiation: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Negotiation"];
            };
        };
        /** @description The transfer */
        Transfer: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Transfer"];
            };
        };
    };
    parameters: {
        /** @description `next` of the page before */
        Cursor: string;
        Limit: number;
        /** @description Any text that is new for a new request */
        IdempotencyKey: string;
        /** @description The `ETag` last seen */
        IfMatch: string;
        PartnerId: components["schemas"]["Id"];
        DatasetId: components["schemas"]["Id"];
        NegotiationId: components["schemas"]["Id"];
        AgreementId: components["schemas"]["Id"];
        TransferId: components["schemas"]["Id"];
        AuditType: string;
        AuditAgreement: components["schemas"]["Id"];
        AuditTransfer: components["schemas"]["Id"];
        AuditPartner: components["schemas"]["Id"];
        AuditDataset: components["schemas"]["Id"];
        /** @description From this time on */
        Since: string;
        /** @description Before this time */
        Until: string;
        /** @description Names the file: `attachment; filename="spending.csv"`, or `filename*` (RFC 6266). Needed with a body. */
        ContentDisposition: string;
        /** @description Checked when given (RFC 9530): `sha-256=:…:` */
        ContentDigest: string;
    };
    requestBodies: {
        /** @description The file, byte for byte; Content-Type says what it is */
        File: {
            content: {
                "*/*": unknown;
            };
        };
        Ending: {
            content: {
                /**
                 * @example {
                 *       "reason": "The purpose has changed"
                 *     }
                 */
                "application/json": {
                    /** @description For programs of the partner */
                    code?: string;
                    /** @description For people; the partner is told */
                    reason?: string;
                };
            };
        };
    };
    headers: {
        /** @description The version */
        ETag: string;
        /** @description The path of what was made */
        Location: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getSelf: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description This connector, and the token that asks */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "did:web:connector.city.example",
                     *       "address": "https://connector.city.example",
                     *       "version": "0.1.0",
                     *       "database": "postgresql",
                     *       "token": {
                     *         "name": "operator",
                     *         "role": "operator"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Self"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description Only these types; `transfer.*` stands for all that begin so. May be repeated. */
                type?: string[];
                /** @description As `Last-Event-ID`, for clients that cannot set headers */
                after?: number;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 41
                     *     event: transfer.started
                     *     data: {"index":41,"time":"2026-03-02T09:30:00.000Z","type":"transfer.started"}
                     */
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The new key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "kid": "did:web:connector.city.example#key-2",
                     *       "previousUntil": "2026-03-02T09:45:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /** @description The key id in the DID document */
                        kid: string;
                        /** @description When the previous key leaves the DID document */
                        previousUntil: string;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "up"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "up"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description It cannot, for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "down"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listPartners: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartnerPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    addPartner: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "id": "did:web:cards.example",
                 *       "name": "Card operator"
                 *     }
                 */
                "application/json": {
                    id: components["schemas"]["ParticipantId"];
                    name: string;
                    address?: components["schemas"]["PartnerAddress"];
                };
            };
        };
        responses: {
            /** @description Added */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Partner"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getPartner: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                partnerId: components["parameters"]["PartnerId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The partner */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Partner"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    removePartner: {
        parameters: {
            query?: never;
            header: {
                /** @description The `ETag` last seen */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                partnerId: components["parameters"]["PartnerId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    updatePartner: {
        parameters: {
            query?: never;
            header: {
                /** @description The `ETag` last seen */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                partnerId: components["parameters"]["PartnerId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Card operator (Madrid)"
                 *     }
                 */
                "application/json": {
                    name?: string;
                    address?: components["schemas"]["PartnerAddress"];
                };
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Partner"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    readPartnerCatalog: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                /** @description The DSP catalog `filter`, as JSON text (an array); its meaning is the partner's */
                filter?: string;
            };
            header?: never;
            path: {
                partnerId: components["parameters"]["PartnerId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page; how long pages are is the partner's choice */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DcatDatasetPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    readPartnerDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                partnerId: components["parameters"]["PartnerId"];
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The dataset with its offers (`hasPolicy`) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DcatDataset"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    uploadFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Names the file: `attachment; filename="spending.csv"`, or `filename*` (RFC 6266). Needed with a body. */
                "Content-Disposition"?: components["parameters"]["ContentDisposition"];
                /** @description Checked when given (RFC 9530): `sha-256=:…:` */
                "Content-Digest"?: components["parameters"]["ContentDigest"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["File"];
        responses: {
            /** @description Received */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: components["schemas"]["Id"];
                        fileName: string;
                        mediaType: string | null;
                        bytes: number;
                        sha256: components["schemas"]["Sha256"];
                        expiresAt: components["schemas"]["Time"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listDatasets: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                /** @description Text in title or id */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    createDataset: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    id?: components["schemas"]["OwnId"];
                    metadata: components["schemas"]["DatasetMetadataInput"];
                    source: components["schemas"]["SourceInput"];
                };
            };
        };
        responses: {
            /** @description Registered */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The dataset */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    removeDataset: {
        parameters: {
            query?: never;
            header: {
                /** @description The `ETag` last seen */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    updateDataset: {
        parameters: {
            query?: never;
            header: {
                /** @description The `ETag` last seen */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "metadata": {
                 *         "contact": {
                 *           "name": "Open data office",
                 *           "email": "dades@city.example"
                 *         },
                 *         "theme": null
                 *       }
                 *     }
                 */
                "application/json": {
                    metadata?: components["schemas"]["DatasetMetadataChange"];
                    source?: components["schemas"]["SourceChange"];
                };
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listDatasetVersions: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileVersionPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    addDatasetVersion: {
        parameters: {
            query?: {
                /** @description A file under a configured folder, instead of a body */
                path?: components["schemas"]["FolderPath"];
                /** @description With `path`, whether the file is read where it is, or copied */
                keep?: components["schemas"]["Keep"];
            };
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Names the file: `attachment; filename="spending.csv"`, or `filename*` (RFC 6266). Needed with a body. */
                "Content-Disposition"?: components["parameters"]["ContentDisposition"];
                /** @description Checked when given (RFC 9530): `sha-256=:…:` */
                "Content-Digest"?: components["parameters"]["ContentDigest"];
            };
            path: {
                datasetId: components["parameters"]["DatasetId"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["File"];
        responses: {
            /** @description Stored */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "number": 2,
                     *       "fileName": "spending.csv",
                     *       "mediaType": "text/csv",
                     *       "bytes": 18233011,
                     *       "rows": 208416,
                     *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "createdAt": "2026-03-02T09:30:00.000Z",
                     *       "removedAt": null,
                     *       "changes": {
                     *         "added": [
                     *           "district"
                     *         ],
                     *         "removed": [],
                     *         "retyped": []
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["NewFileVersion"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getDatasetVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                datasetId: components["parameters"]["DatasetId"];
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileVersion"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listOffers: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                dataset?: components["schemas"]["Id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfferPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    createOffer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "datasets": [
                 *         "urn:uuid:5e2f6f4e-0f0b-4d7c-9d5b-1f2f3a4b5c6d"
                 *       ],
                 *       "policy": {
                 *         "permission": [
                 *           {
                 *             "action": "use"
                 *           }
                 *         ]
                 *       },
                 *       "decision": "automatic",
                 *       "audience": [
                 *         "did:web:connector.city.example"
                 *       ]
                 *     }
                 */
                "application/json": {
                    id?: components["schemas"]["OwnId"];
                    datasets: components["schemas"]["Id"][];
                    /** @description By default the unconstrained policy, `{ permission: [{ action: use }] }` */
                    policy?: components["schemas"]["Policy"];
                    /** @description By default automatic */
                    decision?: components["schemas"]["Decision"];
                    /** @description By default every partner */
                    audience?: components["schemas"]["Audience"];
                };
            };
        };
        responses: {
            /** @description Offered */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Offer"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getOffer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                offerId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The offer */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Offer"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    removeOffer: {
        parameters: {
            query?: never;
            header: {
                /** @description The `ETag` last seen */
                "If-Match": components["parameters"]["IfMatch"];
            };
            path: {
                offerId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Withdrawn */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    listSecrets: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    putSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["schemas"]["SecretName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "value": "Bearer s3cr3t"
                 *     }
                 */
                "application/json": {
                    /** @description The whole header value */
                    value: string;
                };
            };
        };
        responses: {
            /** @description Set */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    removeSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["schemas"]["SecretName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    listNegotiations: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                state?: components["schemas"]["NegotiationState"];
                role?: components["schemas"]["ProcessRole"];
                partner?: components["schemas"]["ParticipantId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NegotiationPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    requestNegotiation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "partner": "did:web:cards.example",
                 *       "offer": "urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11"
                 *     }
                 */
                "application/json": {
                    partner: components["schemas"]["ParticipantId"];
                    offer: components["schemas"]["Id"] | components["schemas"]["MessageOffer"];
                    dataset?: components["schemas"]["Id"];
                    decision?: components["schemas"]["Decision"];
                };
            };
        };
        responses: {
            /** @description Begun; the request is on its way */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Negotiation"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    offerNegotiation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "partner": "did:web:connector.city.example",
                 *       "offer": "urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11"
                 *     }
                 */
                "application/json": {
                    partner: components["schemas"]["ParticipantId"];
                    /** @description One of our offers, or the id that one of its datasets has in the catalog */
                    offer: components["schemas"]["Id"];
                    /** @description Needed when the offer has several datasets */
                    dataset?: components["schemas"]["Id"];
                };
            };
        };
        responses: {
            /** @description Begun; the offer is on its way */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Negotiation"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getNegotiation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Negotiation"];
            default: components["responses"]["Problem"];
        };
    };
    acceptNegotiation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Negotiation"];
            default: components["responses"]["Problem"];
        };
    };
    counterNegotiation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "policy": {
                 *         "permission": [
                 *           {
                 *             "action": "use"
                 *           }
                 *         ]
                 *       }
                 *     }
                 */
                "application/json": {
                    policy: components["schemas"]["Policy"];
                };
            };
        };
        responses: {
            200: components["responses"]["Negotiation"];
            default: components["responses"]["Problem"];
        };
    };
    approveNegotiation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Negotiation"];
            default: components["responses"]["Problem"];
        };
    };
    terminateNegotiation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                negotiationId: components["parameters"]["NegotiationId"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Ending"];
        responses: {
            200: components["responses"]["Negotiation"];
            default: components["responses"]["Problem"];
        };
    };
    listAgreements: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                role?: components["schemas"]["ProcessRole"];
                partner?: components["schemas"]["ParticipantId"];
                dataset?: components["schemas"]["Id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgreementPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getAgreement: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agreementId: components["parameters"]["AgreementId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The agreement */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agreement"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getAgreementMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agreementId: components["parameters"]["AgreementId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message; its SHA-256 is `messageSha256` of the agreement */
            200: {
                headers: {
                    /** @description RFC 9530 */
                    "Content-Digest"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listTransfers: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                state?: components["schemas"]["TransferState"];
                role?: components["schemas"]["ProcessRole"];
                partner?: components["schemas"]["ParticipantId"];
                agreement?: components["schemas"]["Id"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransferPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    requestTransfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "agreement": "urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10",
                 *       "format": "HttpData-PULL"
                 *     }
                 */
                "application/json": {
                    agreement: components["schemas"]["Id"];
                    format?: components["schemas"]["TransferFormat"];
                };
            };
        };
        responses: {
            /** @description Begun; the request is on its way */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getTransfer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Transfer"];
            default: components["responses"]["Problem"];
        };
    };
    startTransfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Transfer"];
            default: components["responses"]["Problem"];
        };
    };
    suspendTransfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Ending"];
        responses: {
            200: components["responses"]["Transfer"];
            default: components["responses"]["Problem"];
        };
    };
    resumeTransfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Transfer"];
            default: components["responses"]["Problem"];
        };
    };
    completeTransfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Transfer"];
            default: components["responses"]["Problem"];
        };
    };
    terminateTransfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Ending"];
        responses: {
            200: components["responses"]["Transfer"];
            default: components["responses"]["Problem"];
        };
    };
    getDataAddress: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint and the value of the `Authorization` header, to be kept secret */
            200: {
                headers: {
                    "Cache-Control"?: "no-store";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "endpoint": "https://cards.example/data/urn%3Auuid%3A7d8…",
                     *       "authorization": "Bearer 2F4…"
                     *     }
                     */
                    "application/json": {
                        endpoint: string;
                        authorization: string;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    downloadData: {
        parameters: {
            query?: {
                /** @description The original file without it */
                format?: "csv" | "ndjson" | "json" | "parquet" | "original";
                /** @description An older version of a file */
                version?: number;
                /** @description For an HTTP source: the path below the endpoint, with its query string (`/stations?limit=5`) */
                path?: string;
            };
            header?: {
                Accept?: string;
                Range?: string;
                "If-Range"?: string;
                "If-None-Match"?: string;
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The data */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description The range asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description Not changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    inspectData: {
        parameters: {
            query?: {
                /** @description The original file without it */
                format?: "csv" | "ndjson" | "json" | "parquet" | "original";
                /** @description An older version of a file */
                version?: number;
                /** @description For an HTTP source: the path below the endpoint, with its query string (`/stations?limit=5`) */
                path?: string;
            };
            header?: {
                Accept?: string;
                Range?: string;
                "If-Range"?: string;
                "If-None-Match"?: string;
            };
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The headers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The headers */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description As GET */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                transferId: components["parameters"]["TransferId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listAuditEntries: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                type?: components["parameters"]["AuditType"];
                agreement?: components["parameters"]["AuditAgreement"];
                transfer?: components["parameters"]["AuditTransfer"];
                partner?: components["parameters"]["AuditPartner"];
                dataset?: components["parameters"]["AuditDataset"];
                /** @description From this time on */
                since?: components["parameters"]["Since"];
                /** @description Before this time */
                until?: components["parameters"]["Until"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    exportAudit: {
        parameters: {
            query?: {
                format?: "ndjson" | "csv";
                type?: components["parameters"]["AuditType"];
                agreement?: components["parameters"]["AuditAgreement"];
                transfer?: components["parameters"]["AuditTransfer"];
                partner?: components["parameters"]["AuditPartner"];
                dataset?: components["parameters"]["AuditDataset"];
                /** @description From this time on */
                since?: components["parameters"]["Since"];
                /** @description Before this time */
                until?: components["parameters"]["Until"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listOutbox: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                status?: "pending" | "refused";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutboxPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    retryMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                messageId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It will be tried now */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    listTokens: {
        parameters: {
            query?: {
                /** @description `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPage"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text that is new for a new request */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Anna (audit office)",
                 *       "role": "auditor",
                 *       "expiresAt": "2027-01-01T00:00:00Z"
                 *     }
                 */
                "application/json": {
                    name: string;
                    role: components["schemas"]["TokenRole"];
                    /** Format: date-time */
                    expiresAt?: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Cache-Control"?: "no-store";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: components["schemas"]["Id"];
                        name: string;
                        role: components["schemas"]["TokenRole"];
                        createdAt: components["schemas"]["Time"];
                        expiresAt: components["schemas"]["TimeOrNull"];
                        revokedAt: components["schemas"]["TimeOrNull"];
                        /** @description The token itself */
                        token: string;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tokenId: components["schemas"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
}
