/**
 * JSON Schemas of what partners answer. They are wider than the published DSP 2025-1 schemas where peers are known to
 * write it otherwise, and narrow enough that nothing unexpected reaches the program.
 */

const string = { type: 'string' }

// The published schema asks for a string; older peers send a reference.
const format = { anyOf: [string, { type: 'object', properties: { '@id': string }, required: ['@id'] }] }

const policies = { type: 'array', items: { type: 'object', properties: { '@id': string }, required: ['@id'] } }

const service = { type: 'object', properties: { '@id': string, endpointURL: string } }

const distribution = {
  type: 'object',
  properties: { format, accessService: { anyOf: [string, service] } },
  required: ['format'],
}

const dataset = {
  type: 'object',
  properties: { '@id': string, hasPolicy: policies, distribution: { type: 'array', items: distribution } },
  required: ['@id'],
}

/** A Dataset as a partner answers it. */
export const peerDatasetSchema = dataset

/** A Catalog as a partner answers it; an empty `dataset` list is one that holds nothing. Catalogs in it are left as they are. */
export const peerCatalogSchema = {
  type: 'object',
  properties: {
    '@id': string,
    participantId: string,
    dataset: { type: 'array', items: dataset },
    service: { type: 'array', items: service },
    catalog: { type: 'array', items: { type: 'object' } },
  },
} as const

/** A process as a partner answers it, to be compared with ours. */
export const peerProcessSchema = {
  type: 'object',
  properties: { providerPid: string, consumerPid: string, state: string },
  required: ['providerPid', 'consumerPid', 'state'],
} as const
