import { isProblem } from '../../src/errors.ts'
import { validators } from '../../src/protocol/validators.ts'
import { officialSchemas } from '../helpers/dsp-spec.ts'

/** Says what is wrong with a DSP message, or an empty string. `type` is the `@type` it must have. */
export type CheckMessage = (type: string, value: unknown) => string

/** Checks against the published schemas; where those are absent, against this program's own validators. */
export async function messageChecker(): Promise<CheckMessage> {
  const official = await officialSchemas()
  return (type, value) => {
    const found = typeof value === 'object' && value !== null && '@type' in value ? value['@type'] : undefined
    if (found !== type) return `@type is ${String(found)}, not ${type}`
    return official === undefined ? ownProblems(type, value) : official.problems(schemaOf(type), value)
  }
}

const folders = [
  [/^Catalog|^Dataset/, 'catalog'],
  [/^Contract/, 'negotiation'],
  [/^Transfer/, 'transfer'],
] as const

function schemaOf(type: string): string {
  const folder = folders.find(([pattern]) => pattern.test(type))?.[1]
  return `${folder}/${type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`
}

const own: Readonly<Record<string, (value: unknown) => unknown>> = {
  CatalogRequestMessage: validators.catalogRequest,
  ContractRequestMessage: validators.contractRequest,
  ContractOfferMessage: validators.contractOffer,
  ContractAgreementMessage: validators.contractAgreement,
  ContractAgreementVerificationMessage: validators.agreementVerification,
  ContractNegotiationEventMessage: validators.negotiationEvent,
  ContractNegotiationTerminationMessage: validators.negotiationTermination,
  ContractNegotiation: validators.contractNegotiation,
  TransferRequestMessage: validators.transferRequest,
  TransferStartMessage: validators.transferStart,
  TransferSuspensionMessage: validators.transferSuspension,
  TransferCompletionMessage: validators.transferCompletion,
  TransferTerminationMessage: validators.transferTermination,
  TransferProcess: validators.transferProcess,
}

function ownProblems(type: string, value: unknown): string {
  const validate = own[type]
  if (validate === undefined) return fieldsMissing(type, value)
  try {
    validate(value)
    return ''
  } catch (error) {
    if (isProblem(error)) return error.message
    throw error
  }
}

// For what this program only sends there is no validator: at least the mandatory fields must be there.
const mandatory: Readonly<Record<string, readonly string[]>> = {
  Catalog: ['@context', '@id', 'participantId', 'service'],
  Dataset: ['@context', '@id', 'hasPolicy', 'distribution'],
  CatalogError: ['@context'],
  ContractNegotiationError: ['@context', 'providerPid', 'consumerPid'],
  TransferError: ['@context', 'providerPid', 'consumerPid'],
}

function fieldsMissing(type: string, value: unknown): string {
  const names = mandatory[type]
  if (names === undefined) return `there is no schema for ${type}`
  const missing = names.filter((name) => typeof value !== 'object' || value === null || !(name in value))
  return missing.length === 0 ? '' : `${missing.join(', ')} missing`
}
