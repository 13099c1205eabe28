import type { operations, paths } from '../../openapi/management.d.ts'

/** Method and path of the operations that the command calls, by operationId of openapi/management.yaml and openapi/audit.yaml. */
export const routes = {
  getSelf: ['GET', '/self'],
  streamEvents: ['GET', '/events'],
  rotateKey: ['POST', '/keys/rotate'],
  listPartners: ['GET', '/partners'],
  addPartner: ['POST', '/partners'],
  getPartner: ['GET', '/partners/{partnerId}'],
  updatePartner: ['PATCH', '/partners/{partnerId}'],
  removePartner: ['DELETE', '/partners/{partnerId}'],
  readPartnerCatalog: ['GET', '/partners/{partnerId}/catalog'],
  readPartnerDataset: ['GET', '/partners/{partnerId}/catalog/datasets/{datasetId}'],
  uploadFile: ['POST', '/uploads'],
  listDatasets: ['GET', '/datasets'],
  createDataset: ['POST', '/datasets'],
  getDataset: ['GET', '/datasets/{datasetId}'],
  updateDataset: ['PATCH', '/datasets/{datasetId}'],
  removeDataset: ['DELETE', '/datasets/{datasetId}'],
  listDatasetVersions: ['GET', '/datasets/{datasetId}/versions'],
  addDatasetVersion: ['POST', '/datasets/{datasetId}/versions'],
  listOffers: ['GET', '/offers'],
  createOffer: ['POST', '/offers'],
  getOffer: ['GET', '/offers/{offerId}'],
  removeOffer: ['DELETE', '/offers/{offerId}'],
  listSecrets: ['GET', '/secrets'],
  putSecret: ['PUT', '/secrets/{name}'],
  removeSecret: ['DELETE', '/secrets/{name}'],
  listNegotiations: ['GET', '/negotiations'],
  requestNegotiation: ['POST', '/negotiations'],
  offerNegotiation: ['POST', '/negotiations/offers'],
  getNegotiation: ['GET', '/negotiations/{negotiationId}'],
  acceptNegotiation: ['POST', '/negotiations/{negotiationId}/accept'],
  counterNegotiation: ['POST', '/negotiations/{negotiationId}/counter'],
  approveNegotiation: ['POST', '/negotiations/{negotiationId}/approve'],
  terminateNegotiation: ['POST', '/negotiations/{negotiationId}/terminate'],
  listAgreements: ['GET', '/agreements'],
  getAgreement: ['GET', '/agreements/{agreementId}'],
  getAgreementMessage: ['GET', '/agreements/{agreementId}/message'],
  explainAgreement: ['GET', '/agreements/{agreementId}/explanation'],
  revokeAgreement: ['POST', '/agreements/{agreementId}/revoke'],
  listObligations: ['GET', '/obligations'],
  getObligation: ['GET', '/obligations/{obligationId}'],
  fulfilObligation: ['POST', '/obligations/{obligationId}/fulfil'],
  violateObligation: ['POST', '/obligations/{obligationId}/violate'],
  listTransfers: ['GET', '/transfers'],
  requestTransfer: ['POST', '/transfers'],
  getTransfer: ['GET', '/transfers/{transferId}'],
  startTransfer: ['POST', '/transfers/{transferId}/start'],
  suspendTransfer: ['POST', '/transfers/{transferId}/suspend'],
  resumeTransfer: ['POST', '/transfers/{transferId}/resume'],
  completeTransfer: ['POST', '/transfers/{transferId}/complete'],
  terminateTransfer: ['POST', '/transfers/{transferId}/terminate'],
  downloadData: ['GET', '/transfers/{transferId}/data'],
  inspectData: ['HEAD', '/transfers/{transferId}/data'],
  listDeliveries: ['GET', '/transfers/{transferId}/deliveries'],
  getProviderRecord: ['GET', '/transfers/{transferId}/receipts/{record}'],
  listAuditEntries: ['GET', '/audit/entries'],
  getAuditEntry: ['GET', '/audit/entries/{index}'],
  getAuditProof: ['GET', '/audit/entries/{index}/proof'],
  getAuditStatistics: ['GET', '/audit/statistics'],
  exportAudit: ['GET', '/audit/export'],
  getEvidence: ['GET', '/audit/evidence/{agreementId}'],
  listLogs: ['GET', '/audit/logs'],
  getLogCheckpoint: ['GET', '/audit/logs/{log}/checkpoint'],
  getLogTile: ['GET', '/audit/logs/{log}/tiles/{level}/{index}'],
  getLogEntries: ['GET', '/audit/logs/{log}/entries/{index}'],
  listEventTypes: ['GET', '/audit/events'],
  nameRecorded: ['GET', '/audit/names'],
  eraseRecords: ['POST', '/audit/erase'],
  listWitnesses: ['GET', '/audit/witnesses'],
  askWitnesses: ['POST', '/audit/witnesses'],
  getLogStatus: ['GET', '/audit/log'],
  checkLog: ['POST', '/audit/check'],
  recoverLog: ['POST', '/audit/log/recover'],
  rotateLogKey: ['POST', '/audit/log/rotate'],
  pruneLog: ['POST', '/audit/logs/{log}/prune'],
  listOutbox: ['GET', '/outbox'],
  retryMessage: ['POST', '/outbox/{messageId}/retry'],
  listTokens: ['GET', '/tokens'],
  createToken: ['POST', '/tokens'],
  revokeToken: ['DELETE', '/tokens/{tokenId}'],
} as const satisfies Partial<Record<keyof operations, readonly [method: string, path: keyof paths]>>

/** An operation of the management API that the command calls. */
export type Operation = keyof typeof routes

type Parameters<Id extends Operation> = operations[Id]['parameters']
type Responses<Id extends Operation> = operations[Id]['responses']
type JsonOf<T> = T extends { content: { 'application/json': infer Body } } ? Body : never
type RequestBody<Id extends Operation> = operations[Id] extends { requestBody?: infer Body } ? JsonOf<NonNullable<Body>> : never
type Optional<T> = { [Key in keyof T]?: T[Key] | undefined }

/** What the answer to an operation holds when it went well. */
export type Answer<Id extends Operation> = JsonOf<Responses<Id>[keyof Responses<Id> & (200 | 201 | 202)]>

/** The parameters and the JSON body of an operation, as the document has them. Query parameters may be undefined: they are left out. */
export type Input<Id extends Operation> = {
  readonly query?: Optional<NonNullable<Parameters<Id>['query']>>
  readonly body?: RequestBody<Id>
  readonly headers?: Readonly<Record<string, string>>
} & (Parameters<Id> extends { path: infer Path } ? { readonly path: Path } : { readonly path?: never })

/** Operations whose answer is a page. */
export type PagedOperation = { [Id in Operation]: Answer<Id> extends { readonly items: readonly unknown[]; readonly next: string | null } ? ([Answer<Id>] extends [never] ? never : Id) : never }[Operation]
/** One thing on a page. */
export type Item<Id extends PagedOperation> = Answer<Id> extends { readonly items: readonly (infer Each)[] } ? Each : never

/** The path of an operation with its parameters, each percent-encoded, and its query. */
export function addressOf(id: Operation, input: { path?: unknown; query?: unknown }): string {
  const values = new Map<string, unknown>(Object.entries(input.path ?? {}))
  const path = routes[id][1].replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(values.get(name))))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) query.append(name, String(each))
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`
}
