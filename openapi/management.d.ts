/* Generated from joined.json by `npm run generate`; do not edit.
   sha256 of joined.json: 102b364a53b3ae853ff3c6e95fbd2464d77f19201664880124fcc0ea8f2fad7a */

export interface paths {
    readonly "/self": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Who this connector is */
        readonly get: operations["getSelf"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/events": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * What happens, as server-sent events
         * @description One event for each audit entry: `id` is its index, `event` its type, `data` the entry as JSON. A new stream starts with what happens
         *     from now on; `Last-Event-ID` (or `after`) resumes after that index. A comment line comes every 15 seconds. While the audit log is
         *     stopped it takes no entry: an event `log.stopped` without `id` tells of it once, with the `faults`.
         */
        readonly get: operations["streamEvents"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/keys/rotate": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Make a new signing key; the old one stays in the DID document until its tokens are over */
        readonly post: operations["rotateKey"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health/live": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Whether the process runs */
        readonly get: operations["getLiveness"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health/ready": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Whether it can take requests */
        readonly get: operations["getReadiness"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/metrics": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Prometheus metrics */
        readonly get: operations["getMetrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/partners": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The partners, by id */
        readonly get: operations["listPartners"];
        readonly put?: never;
        /** Let a partner in */
        readonly post: operations["addPartner"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/partners/{partnerId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
            };
            readonly cookie?: never;
        };
        /** One partner */
        readonly get: operations["getPartner"];
        readonly put?: never;
        readonly post?: never;
        /** Shut a partner out; its access tokens end at once */
        readonly delete: operations["removePartner"];
        readonly options?: never;
        readonly head?: never;
        /** Change name, address or groups */
        readonly patch: operations["updatePartner"];
        readonly trace?: never;
    };
    readonly "/partners/{partnerId}/catalog": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
            };
            readonly cookie?: never;
        };
        /** What the partner offers us, asked of its connector now */
        readonly get: operations["readPartnerCatalog"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/partners/{partnerId}/catalog/datasets/{datasetId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        /** One dataset of the partner's catalog */
        readonly get: operations["readPartnerDataset"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/uploads": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Upload a file for a new dataset
         * @description The body is the file itself, streamed: no multipart, no size limit but the configured one. It waits 24 hours for the `POST /datasets` that names it.
         *     New content of a dataset that exists goes to `POST /datasets/{datasetId}/versions`.
         */
        readonly post: operations["uploadFile"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/datasets": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The datasets, oldest first */
        readonly get: operations["listDatasets"];
        readonly put?: never;
        /**
         * Register a dataset
         * @description The first content of a `file` source is an upload (`POST /uploads` first, then its id here), or a file at a `path` under a folder that the
         *     configuration names. Columns are inferred from the data; those given are laid over them.
         */
        readonly post: operations["createDataset"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/datasets/{datasetId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        /** One dataset */
        readonly get: operations["getDataset"];
        readonly put?: never;
        readonly post?: never;
        /** Remove a dataset; 409 while an offer or an agreement needs it */
        readonly delete: operations["removeDataset"];
        readonly options?: never;
        readonly head?: never;
        /**
         * Change metadata or source
         * @description Members of `metadata` that are given replace the present ones; null removes one; others stay. `columns` is replaced as a whole.
         */
        readonly patch: operations["updateDataset"];
        readonly trace?: never;
    };
    readonly "/datasets/{datasetId}/versions": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        /** The versions of a file dataset, newest first */
        readonly get: operations["listDatasetVersions"];
        readonly put?: never;
        /**
         * Upload new content
         * @description The body is the file itself, streamed: no multipart, no size limit but the configured one. Or, with `path`, the request has no body and names a file
         *     under a configured folder.
         */
        readonly post: operations["addDatasetVersion"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/datasets/{datasetId}/versions/{number}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
                readonly number: number;
            };
            readonly cookie?: never;
        };
        /** One version */
        readonly get: operations["getDatasetVersion"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/offers": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The offers, oldest first */
        readonly get: operations["listOffers"];
        readonly put?: never;
        /** Offer datasets under a policy to an audience */
        readonly post: operations["createOffer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/offers/{offerId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly offerId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        /** One offer */
        readonly get: operations["getOffer"];
        readonly put?: never;
        readonly post?: never;
        /** Withdraw an offer; agreements made under it stay */
        readonly delete: operations["removeOffer"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/secrets": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The names of the secrets */
        readonly get: operations["listSecrets"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/secrets/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: components["schemas"]["SecretName"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        /** Set a secret; it is sealed and never shown again */
        readonly put: operations["putSecret"];
        readonly post?: never;
        /** Remove a secret */
        readonly delete: operations["removeSecret"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The negotiations, newest first */
        readonly get: operations["listNegotiations"];
        readonly put?: never;
        /**
         * As consumer: ask a partner for one of its offers
         * @description `offer` is the id of an offer in the partner's catalog, or a whole ODRL offer of our own making (a first counter-offer). With an id and without `dataset`, the
         *     partner's catalog is searched for it.
         */
        readonly post: operations["requestNegotiation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations/offers": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** As provider: make a partner an offer that it has not asked for */
        readonly post: operations["offerNegotiation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations/{negotiationId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        /** One negotiation */
        readonly get: operations["getNegotiation"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations/{negotiationId}/accept": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** As consumer: accept the offer on the table */
        readonly post: operations["acceptNegotiation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations/{negotiationId}/counter": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Either side: put another offer on the table */
        readonly post: operations["counterNegotiation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations/{negotiationId}/approve": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Take the step that waits for a person (agree, verify or finalize) */
        readonly post: operations["approveNegotiation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/negotiations/{negotiationId}/terminate": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** End the negotiation without an agreement */
        readonly post: operations["terminateNegotiation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/agreements": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The agreements, newest first */
        readonly get: operations["listAgreements"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/agreements/{agreementId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        /** One agreement */
        readonly get: operations["getAgreement"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/agreements/{agreementId}/message": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        /** The agreement message byte for byte as it was exchanged */
        readonly get: operations["getAgreementMessage"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/agreements/{agreementId}/explanation": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        /** The terms in plain sentences, each with how far software vouches for it */
        readonly get: operations["explainAgreement"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/agreements/{agreementId}/revoke": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** As provider: end the agreement now, and its transfers */
        readonly post: operations["revokeAgreement"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/obligations": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Duties and obligations of agreements, oldest first */
        readonly get: operations["listObligations"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/obligations/{obligationId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly obligationId: components["parameters"]["ObligationId"];
            };
            readonly cookie?: never;
        };
        /** One duty or obligation */
        readonly get: operations["getObligation"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/obligations/{obligationId}/fulfil": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly obligationId: components["parameters"]["ObligationId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Say that it was done; a duty that had to be done first no longer stands in the way */
        readonly post: operations["fulfilObligation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/obligations/{obligationId}/violate": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly obligationId: components["parameters"]["ObligationId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Say that it was not done */
        readonly post: operations["violateObligation"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The transfers, newest first */
        readonly get: operations["listTransfers"];
        readonly put?: never;
        /** As consumer: ask for the data of an agreement */
        readonly post: operations["requestTransfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        /** One transfer */
        readonly get: operations["getTransfer"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/start": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** As provider: start a requested transfer that waits */
        readonly post: operations["startTransfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/suspend": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Suspend; the access token ends at once */
        readonly post: operations["suspendTransfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/resume": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Start again after a suspension, with a new access token */
        readonly post: operations["resumeTransfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/complete": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** End well */
        readonly post: operations["completeTransfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/terminate": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** End before it was complete */
        readonly post: operations["terminateTransfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/data-address": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        /** As consumer: where the provider serves the data of a started pull transfer, and the header to send */
        readonly get: operations["getDataAddress"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/data": {
        readonly parameters: {
            readonly query?: {
                /** @description The original file without it */
                readonly format?: "csv" | "ndjson" | "json" | "parquet" | "geojson" | "original";
                /** @description An older version of a file */
                readonly version?: number;
                /** @description For an HTTP source: the path below the endpoint, with its query string (`/stations?limit=5`) */
                readonly path?: string;
                /** @description The query as the provider takes it, passed on as it is (`select=district,amount.sum()&week=gte.2026-W10`); `format` and `version` are put before it */
                readonly query?: string;
                /** @description The role in which is asked. With a role or a purpose, a signed statement goes with the request */
                readonly role?: components["schemas"]["StatedRole"];
                /** @description What it is asked for: an IRI, or a name of the Data Privacy Vocabulary */
                readonly purpose?: string;
                /** @description The legal basis on which it is asked: the IRI that the agreement names */
                readonly legalBasis?: string;
            };
            readonly header?: {
                readonly Accept?: string;
                readonly Prefer?: string;
                readonly Range?: string;
                readonly "If-Range"?: string;
                readonly "If-None-Match"?: string;
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        /**
         * As consumer: the data, streamed from the provider through this connector
         * @description Status, `Content-Range`, `ETag`, `Content-Digest`, `Content-Disposition`, `Concordat-Withheld`, `Concordat-Record` and the like are the provider's. Users who are not operators have the gateway
         *     (`openapi/gateway.yaml`).
         */
        readonly get: operations["downloadData"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        /** The headers of the data */
        readonly head: operations["inspectData"];
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/deliveries": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        /** What a push delivered */
        readonly get: operations["listDeliveries"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/transfers/{transferId}/receipts/{record}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
                /** @description The number of our record of the question or of the delivery */
                readonly record: number;
            };
            readonly cookie?: never;
        };
        /** The provider's record of what we asked or were given, fetched from it, with whether it is the one of its receipt and agrees with ours */
        readonly get: operations["getProviderRecord"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/outbox": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Messages not delivered yet, oldest first */
        readonly get: operations["listOutbox"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/outbox/{messageId}/retry": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly messageId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Try to deliver again, now */
        readonly post: operations["retryMessage"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/tokens": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The tokens of this API, without the tokens themselves */
        readonly get: operations["listTokens"];
        readonly put?: never;
        /** Make a token; it is shown in this answer and never again */
        readonly post: operations["createToken"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/tokens/{tokenId}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly tokenId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        /**
         * Revoke a token, at once
         * @description The last operator token that is valid cannot be revoked (409).
         */
        readonly delete: operations["revokeToken"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
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
        readonly Problem: {
            readonly type?: string;
            readonly title: string;
            readonly status: number;
            /** @description What to do about it */
            readonly detail?: string;
            readonly code: components["schemas"]["ProblemCode"];
        };
        /** @enum {unknown} */
        readonly ProblemCode: "bad-request" | "malformed-json" | "duplicate-key" | "too-deep" | "invalid-message" | "invalid-state" | "pid-mismatch" | "unsupported-filter" | "unsupported-policy" | "invalid-policy" | "invalid-query" | "unknown-column" | "query-too-large" | "unsupported-format" | "unknown-offer" | "address-refused" | "invalid-cursor" | "invalid-source" | "invalid-path" | "unauthenticated" | "forbidden" | "not-permitted" | "withheld" | "statement-required" | "statement-refused" | "not-found" | "method-not-allowed" | "not-acceptable" | "conflict" | "already-exists" | "gone" | "precondition-failed" | "too-large" | "unsupported-media-type" | "range-not-satisfiable" | "invalid-evidence" | "digest-mismatch" | "idempotency-key-reused" | "precondition-required" | "quota-exceeded" | "too-many-requests" | "internal" | "peer-failed" | "source-failed" | "record-unavailable" | "log-stopped" | "store-unavailable" | "peer-timeout" | "query-timeout";
        /** @description Opaque; ours are `urn:uuid:…` */
        readonly Id: string;
        /** @description Made here when it is left out */
        readonly OwnId: string;
        /** @description A DID: `did:web:…` */
        readonly ParticipantId: string;
        /** @description Base address of its Dataspace Protocol endpoint, with the version path; null: found through its DID document */
        readonly PartnerAddress: string | null;
        /** @description Groups that policies may name */
        readonly PartnerGroups: readonly string[];
        readonly FolderPath: string;
        /** Format: date-time */
        readonly Time: string;
        /** Format: date-time */
        readonly TimeOrNull: string | null;
        readonly Sha256: string;
        /** @description The cursor of the following page */
        readonly Next: string | null;
        /**
         * @description `automatic`: go on when what comes equals what was offered or asked; `manual`: wait for a person
         * @enum {unknown}
         */
        readonly Decision: "automatic" | "manual";
        /**
         * @description What we are in it
         * @enum {unknown}
         */
        readonly ProcessRole: "provider" | "consumer";
        /** @description `operator`, `steward`, `legal` and `auditor` may use this API; any other word is the role of a user of the gateway, whose token does nothing else */
        readonly TokenRole: string;
        readonly StatedRole: string;
        /** @description Gateway: the purposes that the user may state (IRIs), the first unless told otherwise; null: any */
        readonly TokenPurposes: readonly string[] | null;
        /** @enum {unknown} */
        readonly NegotiationState: "REQUESTED" | "OFFERED" | "ACCEPTED" | "AGREED" | "VERIFIED" | "FINALIZED" | "TERMINATED";
        /** @enum {unknown} */
        readonly TransferState: "REQUESTED" | "STARTED" | "SUSPENDED" | "COMPLETED" | "TERMINATED";
        /**
         * @default HttpData-PULL
         * @enum {unknown}
         */
        readonly TransferFormat: "HttpData-PULL" | "HttpData-PUSH";
        readonly SecretName: string;
        readonly Health: {
            /** @enum {unknown} */
            readonly status: "up" | "down";
        };
        readonly Self: {
            readonly id: components["schemas"]["ParticipantId"];
            /** @description The public address */
            readonly address: string;
            readonly version: string;
            /** @enum {unknown} */
            readonly database: "pglite" | "postgresql";
            readonly token: {
                readonly name: string;
                readonly role: components["schemas"]["TokenRole"];
            };
        };
        readonly Partner: {
            readonly id: components["schemas"]["ParticipantId"];
            readonly name: string;
            readonly address: string | null;
            readonly groups: components["schemas"]["PartnerGroups"];
            readonly version: number;
            readonly createdAt: components["schemas"]["Time"];
            readonly updatedAt: components["schemas"]["Time"];
        };
        readonly PartnerPage: {
            readonly items: readonly components["schemas"]["Partner"][];
            readonly next: components["schemas"]["Next"];
        };
        /** @description A dcat:Dataset as the Dataspace Protocol 2025-1 has it */
        readonly DcatDataset: {
            readonly "@id": string;
            readonly "@type"?: string;
            /** @description The offers; `@id` of one is what a negotiation asks for */
            readonly hasPolicy?: readonly {
                readonly [key: string]: unknown;
            }[];
            readonly distribution?: readonly {
                readonly [key: string]: unknown;
            }[];
        } & {
            readonly [key: string]: unknown;
        };
        readonly DcatDatasetPage: {
            readonly items: readonly components["schemas"]["DcatDataset"][];
            readonly next: components["schemas"]["Next"];
        };
        /** @description A text by language (BCP 47) */
        readonly Texts: {
            readonly [key: string]: string;
        };
        /** @description Keywords by language (BCP 47) */
        readonly Keywords: {
            readonly [key: string]: readonly string[];
        };
        readonly Column: {
            readonly name: string;
            /** @enum {unknown} */
            readonly type: "string" | "integer" | "number" | "boolean" | "date" | "datetime" | "time" | "object";
            readonly nullable: boolean;
            readonly unit?: string;
            readonly description?: components["schemas"]["Texts"];
        };
        readonly Columns: readonly components["schemas"]["Column"][];
        readonly Period: {
            /** @description A date or a time */
            readonly start?: string;
            readonly end?: string;
        };
        readonly Contact: {
            readonly name?: string;
            readonly email?: string;
            readonly url?: string;
        };
        /** @description What a person says about a column; what is left out is taken from the data */
        readonly ColumnEdit: {
            readonly name: string;
            /** @enum {unknown} */
            readonly type?: "string" | "integer" | "number" | "boolean" | "date" | "datetime" | "time" | "object";
            readonly nullable?: boolean;
            readonly unit?: string;
            readonly description?: components["schemas"]["Texts"];
        };
        readonly ColumnEdits: readonly components["schemas"]["ColumnEdit"][];
        /** @description Columns that may be filtered and grouped by where groups are protected, and that row scopes may name */
        readonly Dimensions: readonly string[];
        readonly ProtectedUnits: readonly components["schemas"]["ProtectedUnit"][];
        /** @description Who or what stands behind the rows, and is protected */
        readonly ProtectedUnit: {
            /** @description As policies name it: `card` */
            readonly name: string;
            readonly column: string;
            /**
             * @description `distinct`: the column identifies one; `sum`: it counts them, none in two rows; `max`: it counts them, one perhaps in several rows
             * @enum {unknown}
             */
            readonly counts: "distinct" | "sum" | "max";
        };
        /** @description The columns of a point, as WGS 84 degrees */
        readonly Geometry: {
            readonly longitude: string;
            readonly latitude: string;
        };
        readonly DatasetMetadata: {
            readonly title: components["schemas"]["Texts"];
            readonly description?: components["schemas"]["Texts"];
            readonly publisher?: string;
            readonly theme?: readonly string[];
            readonly keywords?: components["schemas"]["Keywords"];
            readonly license?: string;
            readonly period?: components["schemas"]["Period"];
            readonly area?: string;
            readonly contact?: components["schemas"]["Contact"];
            readonly landingPage?: string;
            readonly updateFrequency?: string;
            readonly columns: components["schemas"]["Columns"];
            readonly dimensions?: components["schemas"]["Dimensions"];
            readonly protectedUnits?: components["schemas"]["ProtectedUnits"];
            readonly geometry?: components["schemas"]["Geometry"];
        };
        readonly DatasetMetadataInput: {
            readonly title: components["schemas"]["Texts"];
            readonly description?: components["schemas"]["Texts"];
            readonly publisher?: string;
            readonly theme?: readonly string[];
            readonly keywords?: components["schemas"]["Keywords"];
            readonly license?: string;
            readonly period?: components["schemas"]["Period"];
            readonly area?: string;
            readonly contact?: components["schemas"]["Contact"];
            readonly landingPage?: string;
            readonly updateFrequency?: string;
            readonly columns?: components["schemas"]["ColumnEdits"];
            readonly dimensions?: components["schemas"]["Dimensions"];
            readonly protectedUnits?: components["schemas"]["ProtectedUnits"];
            readonly geometry?: components["schemas"]["Geometry"];
        };
        readonly DatasetMetadataChange: {
            readonly title?: components["schemas"]["Texts"];
            readonly description?: components["schemas"]["Texts"] | null;
            readonly publisher?: string | null;
            readonly theme?: readonly string[] | null;
            readonly keywords?: components["schemas"]["Keywords"] | null;
            readonly license?: string | null;
            readonly period?: components["schemas"]["Period"] | null;
            readonly area?: string | null;
            readonly contact?: components["schemas"]["Contact"] | null;
            readonly landingPage?: string | null;
            readonly updateFrequency?: string | null;
            readonly columns?: components["schemas"]["ColumnEdits"];
            readonly dimensions?: components["schemas"]["Dimensions"] | null;
            readonly protectedUnits?: components["schemas"]["ProtectedUnits"] | null;
            readonly geometry?: components["schemas"]["Geometry"] | null;
        };
        /**
         * @default reference
         * @enum {unknown}
         */
        readonly Keep: "reference" | "copy";
        readonly UploadedFileSource: {
            /** @constant */
            readonly type: "file";
            /** @description The id that `POST /uploads` answered */
            readonly upload: components["schemas"]["Id"];
        };
        readonly FolderFileSource: {
            /** @constant */
            readonly type: "file";
            /** @description Absolute path of a file under a configured folder */
            readonly path: components["schemas"]["FolderPath"];
            readonly keep?: components["schemas"]["Keep"];
        };
        readonly StoredFileSource: {
            /** @constant */
            readonly type: "file";
        };
        readonly TableSource: {
            /** @constant */
            readonly type: "postgresql";
            /** @description The name of a configured connection */
            readonly connection: string;
            /** @description A table or view: `schema.table`, or `table` */
            readonly table: string;
        };
        readonly HttpSource: {
            /** @constant */
            readonly type: "http";
            readonly baseUrl: string;
            readonly methods: readonly ("GET" | "HEAD" | "POST")[];
            /** @description What may be asked for below `baseUrl`; `*` stands for one segment, a last `**` for any number of them */
            readonly paths: readonly string[];
            /**
             * @description Headers of the caller that are passed on
             * @default []
             */
            readonly requestHeaders: readonly string[];
            /** @default [] */
            readonly secrets: readonly {
                readonly header: string;
                readonly secret: components["schemas"]["SecretName"];
            }[];
        };
        readonly SourceInput: components["schemas"]["UploadedFileSource"] | components["schemas"]["FolderFileSource"] | components["schemas"]["TableSource"] | components["schemas"]["HttpSource"];
        /** @description A file dataset gets new content as a version */
        readonly SourceChange: components["schemas"]["TableSource"] | components["schemas"]["HttpSource"];
        readonly Source: components["schemas"]["StoredFileSource"] | components["schemas"]["TableSource"] | components["schemas"]["HttpSource"];
        readonly FileVersion: {
            readonly number: number;
            readonly fileName: string;
            readonly mediaType: string;
            readonly bytes: number;
            /** @description null when it is not a table */
            readonly rows: number | null;
            readonly sha256: components["schemas"]["Sha256"];
            readonly createdAt: components["schemas"]["Time"];
            readonly removedAt: components["schemas"]["TimeOrNull"];
        };
        readonly NewFileVersion: {
            readonly number: number;
            readonly fileName: string;
            readonly mediaType: string;
            readonly bytes: number;
            readonly rows: number | null;
            readonly sha256: components["schemas"]["Sha256"];
            readonly createdAt: components["schemas"]["Time"];
            readonly removedAt: components["schemas"]["TimeOrNull"];
            /** @description How its columns differ from those of the version before */
            readonly changes: {
                readonly added: readonly string[];
                readonly removed: readonly string[];
                readonly retyped: readonly string[];
            };
            readonly stops?: components["schemas"]["Stops"];
        };
        readonly FileVersionPage: {
            readonly items: readonly components["schemas"]["FileVersion"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Dataset: {
            readonly id: components["schemas"]["Id"];
            readonly stops?: components["schemas"]["Stops"];
            readonly metadata: components["schemas"]["DatasetMetadata"];
            readonly source: components["schemas"]["Source"];
            /** @description The newest version of a file dataset */
            readonly latest: components["schemas"]["FileVersion"] | null;
            /** @description Counts changes */
            readonly version: number;
            readonly createdAt: components["schemas"]["Time"];
            readonly updatedAt: components["schemas"]["Time"];
        };
        /** @description After a change: agreements whose terms cannot be enforced any more; nothing is released under them */
        readonly Stops: readonly string[];
        readonly DatasetPage: {
            readonly items: readonly components["schemas"]["Dataset"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Rule: {
            readonly action: string;
            readonly constraint?: readonly unknown[];
        } & {
            readonly [key: string]: unknown;
        };
        /**
         * @description An ODRL policy, as DSP 2025-1 carries it or as W3C writes it. One with terms that cannot be enforced is refused with `unsupported-policy`, which names the place.
         * @example {
         *       "permission": [
         *         {
         *           "action": "use"
         *         }
         *       ]
         *     }
         */
        readonly Policy: {
            readonly [key: string]: unknown;
        };
        /** @description An ODRL offer as a DSP message carries it */
        readonly MessageOffer: {
            readonly "@id": components["schemas"]["Id"];
            /** @constant */
            readonly "@type": "Offer";
            readonly target: components["schemas"]["Id"];
            readonly assigner?: components["schemas"]["ParticipantId"];
            readonly assignee?: components["schemas"]["ParticipantId"];
            readonly permission?: readonly components["schemas"]["Rule"][];
            readonly prohibition?: readonly components["schemas"]["Rule"][];
            readonly obligation?: readonly components["schemas"]["Rule"][];
        } & {
            readonly [key: string]: unknown;
        };
        /** @description Who sees it; null: every partner */
        readonly Audience: readonly components["schemas"]["ParticipantId"][] | null;
        readonly Offer: {
            readonly id: components["schemas"]["Id"];
            readonly datasets: readonly {
                readonly dataset: components["schemas"]["Id"];
                /** @description The id of this dataset's offer in the catalog */
                readonly offer: components["schemas"]["Id"];
            }[];
            readonly policy: components["schemas"]["Policy"];
            readonly decision: components["schemas"]["Decision"];
            readonly audience: components["schemas"]["Audience"];
            readonly version: number;
            readonly createdAt: components["schemas"]["Time"];
        };
        readonly OfferPage: {
            readonly items: readonly components["schemas"]["Offer"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Secret: {
            readonly name: components["schemas"]["SecretName"];
            readonly createdAt: components["schemas"]["Time"];
        };
        readonly SecretPage: {
            readonly items: readonly components["schemas"]["Secret"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Negotiation: {
            /** @description Our process id */
            readonly id: components["schemas"]["Id"];
            readonly role: components["schemas"]["ProcessRole"];
            readonly partner: components["schemas"]["ParticipantId"];
            /** @description The partner's process id */
            readonly partnerPid: string | null;
            readonly partnerAddress: string;
            readonly state: components["schemas"]["NegotiationState"];
            readonly dataset: string;
            /** @description The offer on the table */
            readonly offer: {
                readonly [key: string]: unknown;
            };
            readonly offeredBy: components["schemas"]["ProcessRole"];
            readonly decision: components["schemas"]["Decision"];
            /** @description Why the last step was taken, or why it waits for a person */
            readonly reason: string | null;
            /** @description What ended it, when it did not end well */
            readonly error: string | null;
            readonly agreement: string | null;
            readonly deadlineAt: components["schemas"]["Time"];
            readonly version: number;
            readonly createdAt: components["schemas"]["Time"];
            readonly updatedAt: components["schemas"]["Time"];
        };
        readonly NegotiationPage: {
            readonly items: readonly components["schemas"]["Negotiation"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Agreement: {
            readonly id: components["schemas"]["Id"];
            readonly role: components["schemas"]["ProcessRole"];
            readonly negotiation: components["schemas"]["Id"];
            readonly partner: components["schemas"]["ParticipantId"];
            readonly assigner: string;
            readonly assignee: string;
            readonly dataset: string;
            /** @description The ODRL agreement */
            readonly agreement: {
                readonly [key: string]: unknown;
            };
            readonly messageSha256: components["schemas"]["Sha256"];
            /** @description The timestamp in the agreement */
            readonly signedAt: string;
            readonly createdAt: components["schemas"]["Time"];
            /** @description From then on it counts */
            readonly finalizedAt: components["schemas"]["TimeOrNull"];
            /** @description From then on it permits nothing; null when its terms set no end */
            readonly endsAt: components["schemas"]["TimeOrNull"];
            /** @description How many duties and obligations it has; told of one agreement only */
            readonly obligations?: number;
        };
        readonly Explanation: {
            /** @enum {unknown} */
            readonly language: "en" | "ca" | "es";
            /** @description All of it in paragraphs */
            readonly text: string;
            /** @description Rules and, after each, its terms */
            readonly sentences: readonly {
                /** @description JSON pointer of the rule or term in the policy */
                readonly at: string;
                /** @description How deep it stands; rules of the policy at 0 */
                readonly level: number;
                readonly text: string;
                /**
                 * @description Whether software enforces it, watches it, or somebody only says so
                 * @enum {unknown}
                 */
                readonly enforcement: "enforced" | "monitored" | "attested" | "unsupported";
                /** @description The same in the language */
                readonly label: string;
            }[];
            /** @description What holds of the policy as a whole */
            readonly notes: readonly string[];
        };
        /** @enum {unknown} */
        readonly ObligationState: "open" | "fulfilled" | "violated";
        readonly Obligation: {
            readonly id: components["schemas"]["Id"];
            readonly agreement: components["schemas"]["Id"];
            readonly role: components["schemas"]["ProcessRole"];
            readonly partner: components["schemas"]["ParticipantId"];
            /** @description JSON pointer of the rule in the agreement */
            readonly place: string;
            /**
             * @description A `duty` stands at a permission and has to be done first
             * @enum {unknown}
             */
            readonly kind: "obligation" | "duty";
            /** @description What is to be done: the IRI of an ODRL action */
            readonly action: string;
            /** @description Who has to do it */
            readonly assignee: string | null;
            readonly dueAt: components["schemas"]["TimeOrNull"];
            /** @description Open after it was due */
            readonly overdue: boolean;
            /** @description The rule as it was agreed */
            readonly rule: {
                readonly [key: string]: unknown;
            };
            readonly state: components["schemas"]["ObligationState"];
            readonly note: string | null;
            readonly createdAt: components["schemas"]["Time"];
            readonly updatedAt: components["schemas"]["Time"];
        };
        readonly ObligationPage: {
            readonly items: readonly components["schemas"]["Obligation"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly AgreementPage: {
            readonly items: readonly components["schemas"]["Agreement"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Transfer: {
            /** @description Our process id */
            readonly id: components["schemas"]["Id"];
            readonly role: components["schemas"]["ProcessRole"];
            readonly partner: components["schemas"]["ParticipantId"];
            readonly partnerPid: string | null;
            readonly partnerAddress: string;
            readonly state: components["schemas"]["TransferState"];
            readonly agreement: string;
            readonly dataset: string;
            readonly format: string;
            /** @enum {unknown} */
            readonly suspendedBy: "provider" | "consumer" | null;
            readonly reason: string | null;
            readonly error: string | null;
            readonly version: number;
            readonly createdAt: components["schemas"]["Time"];
            readonly updatedAt: components["schemas"]["Time"];
        };
        readonly TransferPage: {
            readonly items: readonly components["schemas"]["Transfer"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Delivery: {
            readonly role: components["schemas"]["ProcessRole"];
            readonly fileName: string;
            readonly bytes: number;
            readonly sha256: components["schemas"]["Sha256"];
            /** @description As consumer: where it is, below the data folder */
            readonly path: string | null;
            /** @description As provider: what the consumer answered */
            readonly receipt: unknown;
            readonly completedAt: components["schemas"]["Time"];
        };
        /**
         * @example {
         *       "record": 812,
         *       "providerRecord": 4711,
         *       "proven": true,
         *       "differences": [],
         *       "entry": "{}",
         *       "openings": {},
         *       "receipt": "c2sp.org/tlog-proof@v1"
         *     }
         */
        readonly ProviderRecord: {
            /** @description The number of our record */
            readonly record: number;
            /** @description The number of the provider's */
            readonly providerRecord: number;
            /** @description Whether it is the record of the receipt that came with the answer */
            readonly proven: boolean;
            /** @description In what it differs from our records; nothing when both tell the same */
            readonly differences: readonly {
                readonly field: string;
                readonly ours: unknown;
                readonly theirs: unknown;
            }[];
            /** @description The provider's record as it is in its log */
            readonly entry: string;
            /** @description What opens its committed fields */
            readonly openings: {
                readonly [key: string]: {
                    readonly salt: string;
                    readonly value: unknown;
                };
            };
            /** @description The provider's proof of it now (C2SP tlog-proof) */
            readonly receipt: string;
        };
        readonly DeliveryPage: {
            readonly items: readonly components["schemas"]["Delivery"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly OutboxMessage: {
            readonly id: components["schemas"]["Id"];
            /** @enum {unknown} */
            readonly kind: "dsp" | "push";
            /** @description The negotiation or transfer it belongs to */
            readonly process: string;
            /** @description The name of the message */
            readonly name: string;
            readonly recipient: string;
            readonly url: string;
            /** @enum {unknown} */
            readonly status: "pending" | "refused";
            readonly attempts: number;
            readonly nextAttemptAt: components["schemas"]["Time"];
            readonly lastError: string | null;
            readonly createdAt: components["schemas"]["Time"];
        };
        readonly OutboxPage: {
            readonly items: readonly components["schemas"]["OutboxMessage"][];
            readonly next: components["schemas"]["Next"];
        };
        readonly Token: {
            readonly id: components["schemas"]["Id"];
            readonly name: string;
            readonly role: components["schemas"]["TokenRole"];
            readonly purposes: components["schemas"]["TokenPurposes"];
            readonly createdAt: components["schemas"]["Time"];
            readonly expiresAt: components["schemas"]["TimeOrNull"];
            readonly revokedAt: components["schemas"]["TimeOrNull"];
        };
        readonly TokenPage: {
            readonly items: readonly components["schemas"]["Token"][];
            readonly next: components["schemas"]["Next"];
        };
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
        /** @description The negotiation */
        readonly Negotiation: {
            headers: {
                readonly ETag: components["headers"]["ETag"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Negotiation"];
            };
        };
        /** @description The duty or obligation */
        readonly Obligation: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Obligation"];
            };
        };
        /** @description The transfer */
        readonly Transfer: {
            headers: {
                readonly ETag: components["headers"]["ETag"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/json": components["schemas"]["Transfer"];
            };
        };
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
    };
    parameters: {
        /** @description `next` of the page before */
        readonly Cursor: string;
        readonly Limit: number;
        /** @description Any text that is new for a new request */
        readonly IdempotencyKey: string;
        /** @description The `ETag` last seen */
        readonly IfMatch: string;
        readonly PartnerId: components["schemas"]["Id"];
        readonly DatasetId: components["schemas"]["Id"];
        readonly NegotiationId: components["schemas"]["Id"];
        readonly AgreementId: components["schemas"]["Id"];
        readonly ObligationId: components["schemas"]["Id"];
        readonly TransferId: components["schemas"]["Id"];
        /** @description Names the file: `attachment; filename="spending.csv"`, or `filename*` (RFC 6266). Needed with a body. */
        readonly ContentDisposition: string;
        /** @description Checked when given (RFC 9530): `sha-256=:…:` */
        readonly ContentDigest: string;
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
    };
    requestBodies: {
        /** @description The file, byte for byte; Content-Type says what it is */
        readonly File: {
            readonly content: {
                readonly "*/*": unknown;
            };
        };
        readonly Ending: {
            readonly content: {
                /**
                 * @example {
                 *       "reason": "The purpose has changed"
                 *     }
                 */
                readonly "application/json": {
                    /** @description For programs of the partner */
                    readonly code?: string;
                    /** @description For people; the partner is told */
                    readonly reason?: string;
                };
            };
        };
        readonly Note: {
            readonly content: {
                /**
                 * @example {
                 *       "note": "Deletion certificate of 2 March 2026"
                 *     }
                 */
                readonly "application/json": {
                    /** @description What shows it; kept in the record */
                    readonly note?: string;
                };
            };
        };
    };
    headers: {
        /** @description The version */
        readonly ETag: string;
        /** @description The path of what was made */
        readonly Location: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly getSelf: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description This connector, and the token that asks */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
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
                    readonly "application/json": components["schemas"]["Self"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly streamEvents: {
        readonly parameters: {
            readonly query?: {
                /** @description Only these types; `transfer.*` stands for all that begin so. May be repeated. */
                readonly type?: readonly string[];
                /** @description As `Last-Event-ID`, for clients that cannot set headers */
                readonly after?: number;
            };
            readonly header?: {
                readonly "Last-Event-ID"?: string;
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The stream */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 41
                     *     event: transfer.started
                     *     data: {"index":41,"time":"2026-03-02T09:30:00.000Z","type":"transfer.started"}
                     */
                    readonly "text/event-stream": string;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly rotateKey: {
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
            /** @description The new key */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "kid": "did:web:connector.city.example#key-2",
                     *       "previousUntil": "2026-03-02T09:45:00.000Z"
                     *     }
                     */
                    readonly "application/json": {
                        /** @description The key id in the DID document */
                        readonly kid: string;
                        /** @description When the previous key leaves the DID document */
                        readonly previousUntil: string;
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getLiveness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It runs */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "up"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getReadiness: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It can */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "up"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            /** @description It cannot, for now */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "down"
                     *     }
                     */
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getMetrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Prometheus text format */
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
    readonly listPartners: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
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
                    readonly "application/json": components["schemas"]["PartnerPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly addPartner: {
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
                /**
                 * @example {
                 *       "id": "did:web:cards.example",
                 *       "name": "Card operator",
                 *       "groups": [
                 *         "municipalities"
                 *       ]
                 *     }
                 */
                readonly "application/json": {
                    readonly id: components["schemas"]["ParticipantId"];
                    readonly name: string;
                    readonly address?: components["schemas"]["PartnerAddress"];
                    readonly groups?: components["schemas"]["PartnerGroups"];
                };
            };
        };
        readonly responses: {
            /** @description Added */
            readonly 201: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly Location: components["headers"]["Location"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Partner"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getPartner: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The partner */
            readonly 200: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Partner"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly removePartner: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /** @description The `ETag` last seen */
                readonly "If-Match": components["parameters"]["IfMatch"];
            };
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Removed */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly updatePartner: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /** @description The `ETag` last seen */
                readonly "If-Match": components["parameters"]["IfMatch"];
            };
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "name": "Card operator (Madrid)"
                 *     }
                 */
                readonly "application/json": {
                    readonly name?: string;
                    readonly address?: components["schemas"]["PartnerAddress"];
                    readonly groups?: components["schemas"]["PartnerGroups"];
                };
            };
        };
        readonly responses: {
            /** @description Changed */
            readonly 200: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Partner"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly readPartnerCatalog: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                /** @description The DSP catalog `filter`, as JSON text (an array); its meaning is the partner's */
                readonly filter?: string;
            };
            readonly header?: never;
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description A page; how long pages are is the partner's choice */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["DcatDatasetPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly readPartnerDataset: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly partnerId: components["parameters"]["PartnerId"];
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The dataset with its offers (`hasPolicy`) */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["DcatDataset"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly uploadFile: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Names the file: `attachment; filename="spending.csv"`, or `filename*` (RFC 6266). Needed with a body. */
                readonly "Content-Disposition"?: components["parameters"]["ContentDisposition"];
                /** @description Checked when given (RFC 9530): `sha-256=:…:` */
                readonly "Content-Digest"?: components["parameters"]["ContentDigest"];
            };
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["File"];
        readonly responses: {
            /** @description Received */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly id: components["schemas"]["Id"];
                        readonly fileName: string;
                        readonly mediaType: string | null;
                        readonly bytes: number;
                        readonly sha256: components["schemas"]["Sha256"];
                        readonly expiresAt: components["schemas"]["Time"];
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listDatasets: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                /** @description Text in title or id */
                readonly q?: string;
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
                    readonly "application/json": components["schemas"]["DatasetPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly createDataset: {
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
                    readonly id?: components["schemas"]["OwnId"];
                    readonly metadata: components["schemas"]["DatasetMetadataInput"];
                    readonly source: components["schemas"]["SourceInput"];
                };
            };
        };
        readonly responses: {
            /** @description Registered */
            readonly 201: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly Location: components["headers"]["Location"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Dataset"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getDataset: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The dataset */
            readonly 200: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Dataset"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly removeDataset: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /** @description The `ETag` last seen */
                readonly "If-Match": components["parameters"]["IfMatch"];
            };
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Removed */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly updateDataset: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /** @description The `ETag` last seen */
                readonly "If-Match": components["parameters"]["IfMatch"];
            };
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
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
                readonly "application/json": {
                    readonly metadata?: components["schemas"]["DatasetMetadataChange"];
                    readonly source?: components["schemas"]["SourceChange"];
                };
            };
        };
        readonly responses: {
            /** @description Changed */
            readonly 200: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Dataset"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listDatasetVersions: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
            };
            readonly header?: never;
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
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
                    readonly "application/json": components["schemas"]["FileVersionPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly addDatasetVersion: {
        readonly parameters: {
            readonly query?: {
                /** @description A file under a configured folder, instead of a body */
                readonly path?: components["schemas"]["FolderPath"];
                /** @description With `path`, whether the file is read where it is, or copied */
                readonly keep?: components["schemas"]["Keep"];
            };
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Names the file: `attachment; filename="spending.csv"`, or `filename*` (RFC 6266). Needed with a body. */
                readonly "Content-Disposition"?: components["parameters"]["ContentDisposition"];
                /** @description Checked when given (RFC 9530): `sha-256=:…:` */
                readonly "Content-Digest"?: components["parameters"]["ContentDigest"];
            };
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["File"];
        readonly responses: {
            /** @description Stored */
            readonly 201: {
                headers: {
                    readonly Location: components["headers"]["Location"];
                    readonly [name: string]: unknown;
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
                    readonly "application/json": components["schemas"]["NewFileVersion"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getDatasetVersion: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly datasetId: components["parameters"]["DatasetId"];
                readonly number: number;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The version */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["FileVersion"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listOffers: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly dataset?: components["schemas"]["Id"];
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
                    readonly "application/json": components["schemas"]["OfferPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly createOffer: {
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
                readonly "application/json": {
                    readonly id?: components["schemas"]["OwnId"];
                    readonly datasets: readonly components["schemas"]["Id"][];
                    /** @description By default the unconstrained policy, `{ permission: [{ action: use }] }` */
                    readonly policy?: components["schemas"]["Policy"];
                    /** @description By default automatic */
                    readonly decision?: components["schemas"]["Decision"];
                    /** @description By default every partner */
                    readonly audience?: components["schemas"]["Audience"];
                };
            };
        };
        readonly responses: {
            /** @description Offered */
            readonly 201: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly Location: components["headers"]["Location"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Offer"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getOffer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly offerId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The offer */
            readonly 200: {
                headers: {
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Offer"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly removeOffer: {
        readonly parameters: {
            readonly query?: never;
            readonly header: {
                /** @description The `ETag` last seen */
                readonly "If-Match": components["parameters"]["IfMatch"];
            };
            readonly path: {
                readonly offerId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Withdrawn */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listSecrets: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
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
                    readonly "application/json": components["schemas"]["SecretPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly putSecret: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: components["schemas"]["SecretName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                /**
                 * @example {
                 *       "value": "Bearer s3cr3t"
                 *     }
                 */
                readonly "application/json": {
                    /** @description The whole header value */
                    readonly value: string;
                };
            };
        };
        readonly responses: {
            /** @description Set */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly removeSecret: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: components["schemas"]["SecretName"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Removed */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listNegotiations: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly state?: components["schemas"]["NegotiationState"];
                readonly role?: components["schemas"]["ProcessRole"];
                readonly partner?: components["schemas"]["ParticipantId"];
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
                    readonly "application/json": components["schemas"]["NegotiationPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly requestNegotiation: {
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
                /**
                 * @example {
                 *       "partner": "did:web:cards.example",
                 *       "offer": "urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11"
                 *     }
                 */
                readonly "application/json": {
                    readonly partner: components["schemas"]["ParticipantId"];
                    readonly offer: components["schemas"]["Id"] | components["schemas"]["MessageOffer"];
                    readonly dataset?: components["schemas"]["Id"];
                    readonly decision?: components["schemas"]["Decision"];
                };
            };
        };
        readonly responses: {
            /** @description Begun; the request is on its way */
            readonly 201: {
                headers: {
                    readonly Location: components["headers"]["Location"];
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Negotiation"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly offerNegotiation: {
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
                /**
                 * @example {
                 *       "partner": "did:web:connector.city.example",
                 *       "offer": "urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11"
                 *     }
                 */
                readonly "application/json": {
                    readonly partner: components["schemas"]["ParticipantId"];
                    /** @description One of our offers, or the id that one of its datasets has in the catalog */
                    readonly offer: components["schemas"]["Id"];
                    /** @description Needed when the offer has several datasets */
                    readonly dataset?: components["schemas"]["Id"];
                };
            };
        };
        readonly responses: {
            /** @description Begun; the offer is on its way */
            readonly 201: {
                headers: {
                    readonly Location: components["headers"]["Location"];
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Negotiation"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getNegotiation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Negotiation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly acceptNegotiation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Negotiation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly counterNegotiation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
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
                readonly "application/json": {
                    readonly policy: components["schemas"]["Policy"];
                };
            };
        };
        readonly responses: {
            readonly 200: components["responses"]["Negotiation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly approveNegotiation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Negotiation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly terminateNegotiation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly negotiationId: components["parameters"]["NegotiationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Ending"];
        readonly responses: {
            readonly 200: components["responses"]["Negotiation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listAgreements: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly role?: components["schemas"]["ProcessRole"];
                readonly partner?: components["schemas"]["ParticipantId"];
                readonly dataset?: components["schemas"]["Id"];
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
                    readonly "application/json": components["schemas"]["AgreementPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getAgreement: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The agreement */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Agreement"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getAgreementMessage: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The message; its SHA-256 is `messageSha256` of the agreement */
            readonly 200: {
                headers: {
                    /** @description RFC 9530 */
                    readonly "Content-Digest"?: string;
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": Record<string, never>;
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly explainAgreement: {
        readonly parameters: {
            readonly query?: {
                readonly lang?: "en" | "ca" | "es";
            };
            readonly header?: never;
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The explanation */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Explanation"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly revokeAgreement: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly agreementId: components["parameters"]["AgreementId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Ending"];
        readonly responses: {
            /** @description The agreement */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Agreement"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listObligations: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly agreement?: components["schemas"]["Id"];
                readonly partner?: components["schemas"]["ParticipantId"];
                readonly state?: components["schemas"]["ObligationState"];
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
                    readonly "application/json": components["schemas"]["ObligationPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getObligation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly obligationId: components["parameters"]["ObligationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Obligation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly fulfilObligation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly obligationId: components["parameters"]["ObligationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Note"];
        readonly responses: {
            readonly 200: components["responses"]["Obligation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly violateObligation: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly obligationId: components["parameters"]["ObligationId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Note"];
        readonly responses: {
            readonly 200: components["responses"]["Obligation"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listTransfers: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly state?: components["schemas"]["TransferState"];
                readonly role?: components["schemas"]["ProcessRole"];
                readonly partner?: components["schemas"]["ParticipantId"];
                readonly agreement?: components["schemas"]["Id"];
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
                    readonly "application/json": components["schemas"]["TransferPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly requestTransfer: {
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
                /**
                 * @example {
                 *       "agreement": "urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10",
                 *       "format": "HttpData-PULL"
                 *     }
                 */
                readonly "application/json": {
                    readonly agreement: components["schemas"]["Id"];
                    readonly format?: components["schemas"]["TransferFormat"];
                };
            };
        };
        readonly responses: {
            /** @description Begun; the request is on its way */
            readonly 201: {
                headers: {
                    readonly Location: components["headers"]["Location"];
                    readonly ETag: components["headers"]["ETag"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Transfer"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getTransfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Transfer"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly startTransfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Transfer"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly suspendTransfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Ending"];
        readonly responses: {
            readonly 200: components["responses"]["Transfer"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly resumeTransfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Transfer"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly completeTransfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            readonly 200: components["responses"]["Transfer"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly terminateTransfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: components["requestBodies"]["Ending"];
        readonly responses: {
            readonly 200: components["responses"]["Transfer"];
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getDataAddress: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The endpoint and the value of the `Authorization` header, to be kept secret */
            readonly 200: {
                headers: {
                    readonly "Cache-Control"?: "no-store";
                    readonly [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "endpoint": "https://cards.example/data/urn%3Auuid%3A7d8…",
                     *       "authorization": "Bearer 2F4…"
                     *     }
                     */
                    readonly "application/json": {
                        readonly endpoint: string;
                        readonly authorization: string;
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly downloadData: {
        readonly parameters: {
            readonly query?: {
                /** @description The original file without it */
                readonly format?: "csv" | "ndjson" | "json" | "parquet" | "geojson" | "original";
                /** @description An older version of a file */
                readonly version?: number;
                /** @description For an HTTP source: the path below the endpoint, with its query string (`/stations?limit=5`) */
                readonly path?: string;
                /** @description The query as the provider takes it, passed on as it is (`select=district,amount.sum()&week=gte.2026-W10`); `format` and `version` are put before it */
                readonly query?: string;
                /** @description The role in which is asked. With a role or a purpose, a signed statement goes with the request */
                readonly role?: components["schemas"]["StatedRole"];
                /** @description What it is asked for: an IRI, or a name of the Data Privacy Vocabulary */
                readonly purpose?: string;
                /** @description The legal basis on which it is asked: the IRI that the agreement names */
                readonly legalBasis?: string;
            };
            readonly header?: {
                readonly Accept?: string;
                readonly Prefer?: string;
                readonly Range?: string;
                readonly "If-Range"?: string;
                readonly "If-None-Match"?: string;
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The data */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            /** @description The range asked for */
            readonly 206: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "*/*": unknown;
                };
            };
            /** @description Not changed */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly inspectData: {
        readonly parameters: {
            readonly query?: {
                /** @description The original file without it */
                readonly format?: "csv" | "ndjson" | "json" | "parquet" | "geojson" | "original";
                /** @description An older version of a file */
                readonly version?: number;
                /** @description For an HTTP source: the path below the endpoint, with its query string (`/stations?limit=5`) */
                readonly path?: string;
                /** @description The query as the provider takes it, passed on as it is (`select=district,amount.sum()&week=gte.2026-W10`); `format` and `version` are put before it */
                readonly query?: string;
                /** @description The role in which is asked. With a role or a purpose, a signed statement goes with the request */
                readonly role?: components["schemas"]["StatedRole"];
                /** @description What it is asked for: an IRI, or a name of the Data Privacy Vocabulary */
                readonly purpose?: string;
                /** @description The legal basis on which it is asked: the IRI that the agreement names */
                readonly legalBasis?: string;
            };
            readonly header?: {
                readonly Accept?: string;
                readonly Prefer?: string;
                readonly Range?: string;
                readonly "If-Range"?: string;
                readonly "If-None-Match"?: string;
            };
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The headers */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The headers */
            readonly 206: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not changed */
            readonly 304: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description As GET */
            readonly default: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    readonly listDeliveries: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
            };
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
            };
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
                    readonly "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly getProviderRecord: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly transferId: components["parameters"]["TransferId"];
                /** @description The number of our record of the question or of the delivery */
                readonly record: number;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The provider's record */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ProviderRecord"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listOutbox: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
                readonly status?: "pending" | "refused";
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
                    readonly "application/json": components["schemas"]["OutboxPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly retryMessage: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: {
                /** @description Any text that is new for a new request */
                readonly "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            readonly path: {
                readonly messageId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It will be tried now */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly listTokens: {
        readonly parameters: {
            readonly query?: {
                /** @description `next` of the page before */
                readonly cursor?: components["parameters"]["Cursor"];
                readonly limit?: components["parameters"]["Limit"];
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
                    readonly "application/json": components["schemas"]["TokenPage"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly createToken: {
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
                    readonly name: string;
                    readonly role: components["schemas"]["TokenRole"];
                    /** @description For a role of the gateway: purposes that may be stated, as IRIs or names of the Data Privacy Vocabulary; without them any */
                    readonly purposes?: readonly string[];
                    /** Format: date-time */
                    readonly expiresAt?: string;
                };
            };
        };
        readonly responses: {
            /** @description Made */
            readonly 201: {
                headers: {
                    readonly Location: components["headers"]["Location"];
                    readonly "Cache-Control"?: "no-store";
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": {
                        readonly id: components["schemas"]["Id"];
                        readonly name: string;
                        readonly role: components["schemas"]["TokenRole"];
                        readonly purposes: components["schemas"]["TokenPurposes"];
                        readonly createdAt: components["schemas"]["Time"];
                        readonly expiresAt: components["schemas"]["TimeOrNull"];
                        readonly revokedAt: components["schemas"]["TimeOrNull"];
                        /** @description The token itself */
                        readonly token: string;
                    };
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly revokeToken: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly tokenId: components["schemas"]["Id"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Revoked */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
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
