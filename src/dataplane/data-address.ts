import { ProblemError } from '../errors.ts'

/** A DSP DataAddress (DSP 2025-1, transfer process protocol §3). */
export interface DataAddress {
  readonly '@type': 'DataAddress'
  readonly endpointType: string
  readonly endpoint?: string
  readonly endpointProperties?: readonly EndpointProperty[]
}

export interface EndpointProperty {
  readonly '@type': 'EndpointProperty'
  readonly name: string
  readonly value: string
}

/** Where to call, and the value of its `Authorization` header. */
export interface Endpoint {
  readonly endpoint: string
  readonly authorization: string | undefined
  /** For deliveries. */
  readonly method: 'PUT' | 'POST'
}

const edc = 'https://w3id.org/edc/v0.0.1/ns/'
const httpType = 'https://w3id.org/idsa/v4.1/HTTP'

/** An address with a bearer token. EDC reads its properties by full IRI, others by plain name, so both are there. */
export function dataAddressOf(endpoint: string, token: string, more: Readonly<Record<string, string>> = {}): DataAddress {
  const values = { endpoint, authType: 'bearer', authorization: token, ...more }
  const properties = ['', edc].flatMap((prefix) => Object.entries(values).map(([name, value]) => ({ '@type': 'EndpointProperty' as const, name: prefix + name, value })))
  return {
    '@type': 'DataAddress',
    endpointType: httpType,
    endpoint,
    // EDC takes `endpointType` from the properties too.
    endpointProperties: [...properties, { '@type': 'EndpointProperty', name: `${edc}endpointType`, value: httpType }],
  }
}

/** Reads an address, in EDC's spelling (all of it in properties named by IRI, in any order) or in the specification's. */
export function readDataAddress(address: DataAddress): Endpoint {
  const property = (name: string) => address.endpointProperties?.find((property) => property.name === name || property.name === edc + name)?.value
  const endpoint = address.endpoint ?? property('endpoint') ?? property('baseUrl')
  if (endpoint === undefined || endpoint === '') throw new ProblemError('invalid-message', 'The data address has no endpoint.')
  const method = property('method')?.toUpperCase() === 'PUT' ? 'PUT' : 'POST'
  const authorization = property('authorization')
  if (authorization === undefined || authorization === '') return { endpoint, authorization: undefined, method }
  if (!/^[\x21-\x7E]+( [\x21-\x7E]+)*$/.test(authorization)) throw new ProblemError('invalid-message', 'The authorization of the data address cannot be sent as a header.')
  const bearer = (property('authType') ?? 'bearer').toLowerCase() === 'bearer' && !/^bearer /i.test(authorization)
  return { endpoint, authorization: bearer ? `Bearer ${authorization}` : authorization, method }
}
