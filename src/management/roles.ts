import type { OperationId, TokenRole } from './operation.ts'

/** What each role may do. What is not listed is refused. An operator may do everything. */
const allowed = {
  steward: [
    'getSelf',
    'uploadFile',
    'listDatasets',
    'createDataset',
    'getDataset',
    'updateDataset',
    'removeDataset',
    'listDatasetVersions',
    'addDatasetVersion',
    'getDatasetVersion',
    'listOffers',
    'createOffer',
    'getOffer',
    'removeOffer',
    'listSecrets',
    'putSecret',
    'removeSecret',
  ],
  legal: ['getSelf', 'listNegotiations', 'getNegotiation', 'approveNegotiation', 'listAgreements', 'getAgreement', 'getAgreementMessage'],
  auditor: ['getSelf', 'streamEvents', 'listAuditEntries', 'exportAudit', 'listAgreements', 'getAgreement', 'getAgreementMessage'],
} as const satisfies Record<Exclude<TokenRole, 'operator'>, readonly OperationId[]>

/** Whether a token of `role` may call `operation`. */
export function mayCall(role: TokenRole, operation: string): boolean {
  if (role === 'operator') return true
  const operations: readonly string[] = allowed[role]
  return operations.includes(operation)
}
