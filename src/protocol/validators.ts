import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { CatalogRequestMessage } from '../catalog/messages.ts'
import { ProblemError } from '../errors.ts'
import type {
  ContractAgreementMessage,
  ContractAgreementVerificationMessage,
  ContractNegotiation,
  ContractNegotiationEventMessage,
  ContractNegotiationTerminationMessage,
  ContractOfferMessage,
  ContractRequestMessage,
} from '../negotiation/messages.ts'
import type {
  TransferCompletionMessage,
  TransferProcess,
  TransferRequestMessage,
  TransferStartMessage,
  TransferSuspensionMessage,
  TransferTerminationMessage,
} from '../transfer/messages.ts'
import { describe } from './describe-errors.ts'
import { catalogRequestSchema, definitions, negotiationSchemas, transferSchemas } from './message-schemas.ts'

// The pattern of contract-schema.json, anchored: published without anchors it accepts any text around a time.
const xsdDateTime =
  /^-?([1-9]\d{3,}|0\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,18})?|24:00:00(\.0{1,18})?)(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))?$/

const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allowUnionTypes: true, formats: { 'xsd-date-time': xsdDateTime } })
ajv.addSchema(definitions)

/** Gives `value` as a message of its type, or refuses it ('invalid-message') naming the place. */
export type Validator<T> = (value: unknown) => T

// Compiled when it is first needed, so that starting costs no time.
function validator<T>(type: string, schema: object): Validator<T> {
  let compiled: ValidateFunction<T> | undefined
  return (value) => {
    const accepts = (compiled ??= ajv.compile<T>(schema))
    if (accepts(value)) return value
    throw new ProblemError('invalid-message', describeMessage(type, value, accepts.errors ?? []))
  }
}

/** Validators of every message that is taken in, compiled once. */
export const validators = {
  catalogRequest: validator<CatalogRequestMessage>('CatalogRequestMessage', catalogRequestSchema),
  contractRequest: validator<ContractRequestMessage>('ContractRequestMessage', negotiationSchemas.ContractRequestMessage),
  contractOffer: validator<ContractOfferMessage>('ContractOfferMessage', negotiationSchemas.ContractOfferMessage),
  contractAgreement: validator<ContractAgreementMessage>('ContractAgreementMessage', negotiationSchemas.ContractAgreementMessage),
  agreementVerification: validator<ContractAgreementVerificationMessage>('ContractAgreementVerificationMessage', negotiationSchemas.ContractAgreementVerificationMessage),
  negotiationEvent: validator<ContractNegotiationEventMessage>('ContractNegotiationEventMessage', negotiationSchemas.ContractNegotiationEventMessage),
  negotiationTermination: validator<ContractNegotiationTerminationMessage>('ContractNegotiationTerminationMessage', negotiationSchemas.ContractNegotiationTerminationMessage),
  contractNegotiation: validator<ContractNegotiation>('ContractNegotiation', negotiationSchemas.ContractNegotiation),
  transferRequest: validator<TransferRequestMessage>('TransferRequestMessage', transferSchemas.TransferRequestMessage),
  transferStart: validator<TransferStartMessage>('TransferStartMessage', transferSchemas.TransferStartMessage),
  transferSuspension: validator<TransferSuspensionMessage>('TransferSuspensionMessage', transferSchemas.TransferSuspensionMessage),
  transferCompletion: validator<TransferCompletionMessage>('TransferCompletionMessage', transferSchemas.TransferCompletionMessage),
  transferTermination: validator<TransferTerminationMessage>('TransferTerminationMessage', transferSchemas.TransferTerminationMessage),
  transferProcess: validator<TransferProcess>('TransferProcess', transferSchemas.TransferProcess),
} as const

// DSP 2025-1, common protocol §1.2: an implementation may process messages as plain JSON. The compact form is the only one taken.
function describeMessage(type: string, value: unknown, errors: readonly ErrorObject[]): string {
  const found = typeOf(value)
  if (found === type) return describe(errors)
  if (typeof found === 'string' && !/[:/]/.test(found)) return `/@type: must be ${type} here, not ${found.slice(0, 100)}.`
  return `The body must be one ${type} in the compact form of DSP 2025-1: a JSON object with "@type": "${type}" and terms without prefixes. Other forms of JSON-LD are not read.`
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '@type' in value ? value['@type'] : undefined
}
