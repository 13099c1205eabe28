import { catalogRows, format, isConsumerTest, negotiationRows, offerId, testedParticipant, transferRows } from './script.ts'

/** Where things are for a run of the kit. No address may end in a slash: the kit joins by concatenation. */
export interface KitSettings {
  /** The connector's root, where `/.well-known/dspace-version` is. */
  readonly baseUrl: string
  /** The connector's Dataspace Protocol address. */
  readonly dspAddress: string
  /** The two addresses by which the kit has the connector begin, as consumer. */
  readonly negotiationInitiateUrl: string
  readonly transferInitiateUrl: string
  /** Where the kit listens. */
  readonly callbackAddress: string
  /** How long the kit waits for a message, in seconds. */
  readonly waitSeconds: number
}

/** The kit's properties file. */
export function kitProperties(settings: KitSettings): string {
  const callback = new URL(settings.callbackAddress)
  const entries = {
    'dataspacetck.debug': 'true',
    // With colours the kit's lines cannot be read by a program.
    'dataspacetck.ansi': 'false',
    'dataspacetck.host': callback.hostname,
    'dataspacetck.port': callback.port,
    'dataspacetck.callback.address': settings.callbackAddress,
    'dataspacetck.dsp.local.connector': 'false',
    // Seconds, whatever the kit's README says.
    'dataspacetck.dsp.default.wait': String(settings.waitSeconds),
    'dataspacetck.dsp.connector.agent.id': testedParticipant,
    'dataspacetck.dsp.connector.http.url': settings.dspAddress,
    'dataspacetck.dsp.connector.http.base.url': settings.baseUrl,
    'dataspacetck.dsp.connector.http.headers.authorization': 'Bearer tck',
    'dataspacetck.dsp.connector.negotiation.initiate.url': settings.negotiationInitiateUrl,
    'dataspacetck.dsp.connector.transfer.initiate.url': settings.transferInitiateUrl,
    ...testData(),
  }
  for (const [name, value] of Object.entries(entries)) {
    if (/^https?:.*\/$/.test(value)) throw new Error(`${name} must not end in a slash: ${value}`)
  }
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

// The kit reads the name of a test's method and of a field of its class, in capitals: CN_01_01_DATASETID.
function testData(): Record<string, string> {
  const data: Record<string, string> = {}
  for (const row of catalogRows) if ('key' in row) data[propertyOf(row.id, 'DATASETID')] = row.key
  for (const { id, key } of negotiationRows) {
    data[propertyOf(id, 'DATASETID')] = key
    if (!isConsumerTest(id)) data[propertyOf(id, 'OFFERID')] = offerId(key)
  }
  for (const { id, key } of transferRows) {
    data[propertyOf(id, 'AGREEMENTID')] = key
    data[propertyOf(id, 'FORMAT')] = format
  }
  return data
}

function propertyOf(id: string, field: string): string {
  return `${id.replace(/[:-]/g, '_')}_${field}`
}
