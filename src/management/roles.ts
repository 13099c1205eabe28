import type { OperationId } from './operation.ts'

/** The roles of this API. Any other word is the role of a user of the gateway, whose token opens nothing here. */
export const managementRoles = ['operator', 'steward', 'legal', 'auditor'] as const
export type ManagementRole = (typeof managementRoles)[number]

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
  legal: ['getSelf', 'getEvidence', 'listNegotiations', 'getNegotiation', 'approveNegotiation', 'listAgreements', 'getAgreement', 'getAgreementMessage', 'explainAgreement', 'listObligations', 'getObligation', 'fulfilObligation', 'violateObligation'],
  auditor: ['getSelf', 'streamEvents', 'listAuditEntries', 'getAuditEntry', 'getAuditProof', 'getAuditStatistics', 'exportAudit', 'getEvidence', 'listLogs', 'getLogCheckpoint', 'getLogConsistency', 'getLogTile', 'getLogEntries', 'listEventTypes', 'nameRecorded', 'listWitnesses', 'askWitnesses', 'getLogStatus', 'checkLog', 'listAgreements', 'getAgreement', 'getAgreementMessage', 'explainAgreement', 'listObligations', 'getObligation'],
} as const satisfies Record<Exclude<ManagementRole, 'operator'>, readonly OperationId[]>

/** Whether a token of `role` may call `operation`. */
export function mayCall(role: string, operation: string): boolean {
  if (!isManagementRole(role)) return false
  if (role === 'operator') return true
  const operations: readonly string[] = allowed[role]
  return operations.includes(operation)
}

/** Whether a token of `role` is for this API, not for the gateway. */
export function isManagementRole(role: string): role is ManagementRole {
  const roles: readonly string[] = managementRoles
  return roles.includes(role)
}
