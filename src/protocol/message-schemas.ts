import { dspContext } from '../policy/dsp-context.ts'

/**
 * JSON Schemas of the messages that are taken in. They accept what the published DSP 2025-1 schemas accept, and ask for
 * what only the specification's prose asks: a `target` in every offer, a `timestamp` in every agreement, no `target` in rules.
 */

const [dspContextUrl] = dspContext

// DSP 2025-1, common protocol §1.2: an array that names the DSP context. Peers add contexts of their own, and the
// specification's own pagination sample sends a bare string; both are taken, nothing is fetched.
const context = choose(
  { type: 'string' },
  { const: dspContextUrl },
  { type: 'array', items: { type: 'string' }, contains: { const: dspContextUrl } },
)

const string = { type: 'string' }
const reasons = { type: 'array', minItems: 1 }

// A condition with both its branches. Ajv reports what is wrong in the branch that applies, and nothing about the other.
function choose(condition: object, holds: object, otherwise: object): object {
  return { allOf: [{ if: condition, else: otherwise }, { if: { not: condition }, else: holds }] }
}

type Properties = Record<string, object>

function message(type: string, properties: Properties, required: readonly string[], more: object = {}): object {
  return {
    type: 'object',
    properties: { '@context': context, '@type': { const: type }, '@id': string, ...properties },
    required: ['@context', '@type', ...required],
    ...more,
  }
}

const pids = { providerPid: string, consumerPid: string }
const bothPids = ['providerPid', 'consumerPid']

const logical = ['and', 'or', 'xone', 'andSequence']

/** The definitions that the message schemas refer to, under the id `dsp`. */
export const definitions = {
  $id: 'dsp',
  definitions: {
    // Exactly one of the logical operators, or a comparison: contract-schema.json, Constraint.
    constraint: {
      type: 'object',
      ...choose(
        { anyOf: logical.map((name) => ({ required: [name] })) },
        {
          properties: Object.fromEntries(logical.map((name) => [name, { type: 'array', items: { $ref: 'dsp#/definitions/constraint' } }])),
          oneOf: logical.map((name) => ({ required: [name] })),
          not: { required: ['leftOperand', 'operator', 'rightOperand'] },
        },
        {
          properties: {
            leftOperand: string,
            operator: { enum: ['eq', 'neq', 'gt', 'gteq', 'lt', 'lteq', 'term-lteq', 'hasPart', 'isA', 'isAllOf', 'isAnyOf', 'isNoneOf', 'isPartOf'] },
            rightOperand: { type: ['string', 'object', 'array'] },
          },
          required: ['leftOperand', 'operator', 'rightOperand'],
        },
      ),
    },
    rule: {
      type: 'object',
      // DSP 2025-1, negotiation §2.1: a rule has no target of its own. The published schema lets it through.
      properties: { target: false, action: string, constraint: { type: 'array', items: { $ref: 'dsp#/definitions/constraint' } } },
      required: ['action'],
    },
    policy: {
      type: 'object',
      properties: {
        '@id': string,
        profile: { type: ['string', 'array'], items: string },
        permission: { type: 'array', items: { $ref: 'dsp#/definitions/rule' } },
        prohibition: { type: 'array', items: { $ref: 'dsp#/definitions/rule' } },
        obligation: { type: 'array', items: { $ref: 'dsp#/definitions/rule' } },
      },
      required: ['@id', '@type'],
      // An empty list beside a filled one says nothing and is taken as absent, because peers write all three lists.
      anyOf: ['permission', 'prohibition'].map((list) => ({ required: [list], properties: { [list]: { minItems: 1 } } })),
    },
    offer: {
      allOf: [{ $ref: 'dsp#/definitions/policy' }, { type: 'object', properties: { '@type': { const: 'Offer' }, target: string, assigner: string, assignee: string }, required: ['target'] }],
    },
    agreement: {
      allOf: [
        { $ref: 'dsp#/definitions/policy' },
        {
          type: 'object',
          properties: { '@type': { const: 'Agreement' }, target: string, assigner: string, assignee: string, timestamp: { type: 'string', format: 'xsd-date-time' } },
          required: ['target', 'assigner', 'assignee', 'timestamp'],
        },
      ],
    },
    dataAddress: {
      type: 'object',
      properties: {
        '@type': { const: 'DataAddress' },
        endpointType: string,
        endpoint: string,
        endpointProperties: {
          type: 'array',
          minItems: 1,
          items: { type: 'object', properties: { '@type': { const: 'EndpointProperty' }, name: string, value: string }, required: ['@type', 'name', 'value'] },
        },
      },
      required: ['@type', 'endpointType'],
    },
  },
} as const

const offer = { $ref: 'dsp#/definitions/offer' }
const dataAddress = { $ref: 'dsp#/definitions/dataAddress' }

// DSP 2025-1, contract-request-message-schema.json and contract-offer-message-schema.json: the first message of a
// negotiation carries callbackAddress, every later one the other side's process id, none both.
function opening(otherPid: string): object {
  return choose({ required: [otherPid] }, { properties: { callbackAddress: false } }, { required: ['callbackAddress'] })
}

/** Schemas of negotiation messages and objects, by `@type`. */
export const negotiationSchemas = {
  ContractRequestMessage: message('ContractRequestMessage', { ...pids, offer, callbackAddress: string }, ['consumerPid', 'offer'], opening('providerPid')),
  ContractOfferMessage: message('ContractOfferMessage', { ...pids, offer, callbackAddress: string }, ['providerPid', 'offer'], opening('consumerPid')),
  ContractAgreementMessage: message('ContractAgreementMessage', { ...pids, agreement: { $ref: 'dsp#/definitions/agreement' } }, [...bothPids, 'agreement']),
  ContractAgreementVerificationMessage: message('ContractAgreementVerificationMessage', pids, bothPids),
  ContractNegotiationEventMessage: message('ContractNegotiationEventMessage', { ...pids, eventType: { enum: ['ACCEPTED', 'FINALIZED'] } }, [...bothPids, 'eventType']),
  ContractNegotiationTerminationMessage: message('ContractNegotiationTerminationMessage', { ...pids, code: string, reason: reasons }, bothPids),
  ContractNegotiation: message(
    'ContractNegotiation',
    { ...pids, state: { enum: ['REQUESTED', 'OFFERED', 'ACCEPTED', 'AGREED', 'VERIFIED', 'FINALIZED', 'TERMINATED'] } },
    [...bothPids, 'state'],
  ),
} as const

/** Schemas of transfer messages and objects, by `@type`. */
export const transferSchemas = {
  TransferRequestMessage: message('TransferRequestMessage', { consumerPid: string, agreementId: string, format: string, callbackAddress: string, dataAddress }, [
    'consumerPid',
    'agreementId',
    'format',
    'callbackAddress',
  ]),
  TransferStartMessage: message('TransferStartMessage', { ...pids, dataAddress }, bothPids),
  TransferSuspensionMessage: message('TransferSuspensionMessage', { ...pids, code: string, reason: reasons }, bothPids),
  TransferCompletionMessage: message('TransferCompletionMessage', pids, bothPids),
  TransferTerminationMessage: message('TransferTerminationMessage', { ...pids, code: string, reason: reasons }, bothPids),
  TransferProcess: message('TransferProcess', { ...pids, state: { enum: ['REQUESTED', 'STARTED', 'SUSPENDED', 'COMPLETED', 'TERMINATED'] } }, [...bothPids, 'state']),
} as const

/** Schema of the one catalog message. `filter` is an array of whatever the provider understands (catalog §2.1.1). */
export const catalogRequestSchema = message('CatalogRequestMessage', { filter: { type: 'array' } }, [])
