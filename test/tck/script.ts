/**
 * What the official kit (DSP TCK 1.0.1) expects a connector to do in each of its tests, and nothing else may happen by
 * itself: the table from which the driver reacts and the kit's properties file is written.
 */

/** The kit's participant id, as provider and as consumer. */
export const kitParticipant = 'TCK_PARTICIPANT'

/** The id of the connector under test; any text will do, this is the one of the kit's sample. */
export const testedParticipant = 'CONNECTOR_UNDER_TEST'

/** The transfer format of all the kit's tests. */
export const format = 'HttpData-PULL'

export type NegotiationAction = 'offer' | 'counter' | 'accept' | 'agree' | 'verify' | 'finalize' | 'terminate'
export type TransferAction = 'start' | 'suspend' | 'complete' | 'terminate'

/** For each state what is done on the first, second … entry into it. */
export type Script<Action extends string> = Readonly<Record<string, readonly Action[]>>

interface Row<Action extends string> {
  /** The kit's name of the test. */
  readonly id: string
  /** The dataset (negotiations) or agreement (transfers) that the test is about. */
  readonly key: string
  readonly script: Script<Action>
}

/** A test of negotiations; the tested connector is provider in `CN` and consumer in `CN_C`. */
export type NegotiationRow = Row<NegotiationAction>
/** A test of transfers; the tested connector is provider in `TP` and consumer in `TP_C`. */
export type TransferRow = Row<TransferAction>

const negotiationRow = (id: string, script: Script<NegotiationAction> = {}): NegotiationRow => ({ id, key: keyOf(id), script })
const transferRow = (id: string, script: Script<TransferAction> = {}): TransferRow => ({ id, key: keyOf(id), script })

// CN:01-02 is about ACN0102 (the kit has that written in it), CN_C:01-02 about ACNC0102, and so on.
function keyOf(id: string): string {
  return `A${id.replace(/[_:-]/g, '')}`
}

export const negotiationRows: readonly NegotiationRow[] = [
  negotiationRow('CN:01-01', { REQUESTED: ['offer'] }),
  negotiationRow('CN:01-02', { REQUESTED: ['offer', 'terminate'] }),
  negotiationRow('CN:01-03', { REQUESTED: ['offer'], ACCEPTED: ['agree'], VERIFIED: ['finalize'] }),
  negotiationRow('CN:01-04', { REQUESTED: ['agree'], VERIFIED: ['finalize'] }),
  negotiationRow('CN:02-01', { REQUESTED: ['terminate'] }),
  negotiationRow('CN:02-02'),
  negotiationRow('CN:02-03', { REQUESTED: ['agree'] }),
  negotiationRow('CN:02-04', { REQUESTED: ['offer'] }),
  negotiationRow('CN:02-05', { REQUESTED: ['offer'], OFFERED: ['terminate'] }),
  negotiationRow('CN:02-06', { REQUESTED: ['offer'], ACCEPTED: ['terminate'] }),
  negotiationRow('CN:02-07', { REQUESTED: ['agree'], VERIFIED: ['terminate'] }),
  negotiationRow('CN:03-01', { REQUESTED: ['agree'], VERIFIED: ['finalize'] }),
  negotiationRow('CN:03-02', { REQUESTED: ['offer'] }),
  negotiationRow('CN:03-03', { REQUESTED: ['offer'] }),
  negotiationRow('CN:03-04', { REQUESTED: ['offer'] }),
  negotiationRow('CN_C:01-01', { OFFERED: ['accept'], AGREED: ['verify'] }),
  negotiationRow('CN_C:01-02', { OFFERED: ['counter'] }),
  negotiationRow('CN_C:01-03', { OFFERED: ['terminate'] }),
  negotiationRow('CN_C:01-04', { AGREED: ['verify'] }),
  negotiationRow('CN_C:02-01'),
  negotiationRow('CN_C:02-02', { REQUESTED: ['terminate'] }),
  negotiationRow('CN_C:02-03', { AGREED: ['terminate'] }),
  negotiationRow('CN_C:02-04'),
  negotiationRow('CN_C:02-05', { OFFERED: ['accept'] }),
  negotiationRow('CN_C:02-06', { AGREED: ['verify'] }),
  negotiationRow('CN_C:03-01'),
  negotiationRow('CN_C:03-02'),
  negotiationRow('CN_C:03-03'),
  negotiationRow('CN_C:03-04', { OFFERED: ['accept'] }),
  negotiationRow('CN_C:03-05', { OFFERED: ['accept'] }),
  negotiationRow('CN_C:03-06', { OFFERED: ['accept'] }),
]

export const transferRows: readonly TransferRow[] = [
  transferRow('TP:01-01', { REQUESTED: ['start'], STARTED: ['terminate'] }),
  transferRow('TP:01-02', { REQUESTED: ['start'], STARTED: ['complete'] }),
  transferRow('TP:01-03', { REQUESTED: ['start'], STARTED: ['suspend'], SUSPENDED: ['terminate'] }),
  transferRow('TP:01-04', { REQUESTED: ['start'], STARTED: ['suspend', 'complete'], SUSPENDED: ['start'] }),
  transferRow('TP:01-05', { REQUESTED: ['terminate'] }),
  transferRow('TP:02-01', { REQUESTED: ['start'] }),
  transferRow('TP:02-02', { REQUESTED: ['start'] }),
  transferRow('TP:02-03', { REQUESTED: ['start'] }),
  transferRow('TP:02-04', { REQUESTED: ['start'] }),
  transferRow('TP:02-05'),
  transferRow('TP:03-01'),
  transferRow('TP:03-02'),
  transferRow('TP:03-03', { REQUESTED: ['start'] }),
  transferRow('TP:03-04', { REQUESTED: ['start'] }),
  transferRow('TP:03-05', { REQUESTED: ['start'] }),
  transferRow('TP:03-06', { REQUESTED: ['start'] }),
  transferRow('TP_C:01-01'),
  transferRow('TP_C:01-02'),
  transferRow('TP_C:01-03'),
  transferRow('TP_C:01-04'),
  transferRow('TP_C:01-05'),
  transferRow('TP_C:02-01', { STARTED: ['terminate'] }),
  transferRow('TP_C:02-02', { STARTED: ['complete'] }),
  transferRow('TP_C:02-03', { STARTED: ['suspend'], SUSPENDED: ['terminate'] }),
  transferRow('TP_C:02-04', { STARTED: ['suspend', 'complete'], SUSPENDED: ['start'] }),
  transferRow('TP_C:02-05', { REQUESTED: ['terminate'] }),
  transferRow('TP_C:03-01'),
  transferRow('TP_C:03-02'),
  transferRow('TP_C:03-03'),
  transferRow('TP_C:03-04'),
  transferRow('TP_C:03-05'),
  transferRow('TP_C:03-06'),
]

/** The tests of the version endpoint and the catalog; they need datasets and no reaction. CAT0103 must not exist. */
export const catalogRows = [
  { id: 'MET:01-01' },
  { id: 'CAT:01-01', key: 'CAT0101' },
  { id: 'CAT:01-02', key: 'CAT0102' },
  { id: 'CAT:01-03', key: 'CAT0103' },
] as const satisfies readonly { id: string; key?: string }[]

/** Tests that the kit has switched off; they run as well with `--all`. */
export const disabledTests: readonly string[] = ['TP:02-04', 'TP_C:02-04']

/** All the kit's tests by name. */
export const allTests: readonly string[] = [...catalogRows, ...negotiationRows, ...transferRows].map(({ id }) => id)

/** The offer of a dataset that the kit asks for. */
export const offerId = (datasetId: string): string => `CD123:${datasetId}:456`

/** Whether the tested connector is the consumer in this test. */
export const isConsumerTest = (id: string): boolean => id.includes('_C:')

/** Datasets that the tested connector offers. */
export const seededDatasets: readonly string[] = ['CAT0101', 'CAT0102', ...negotiationRows.filter(({ id }) => !isConsumerTest(id)).map(({ key }) => key)]

const negotiationScripts = new Map(negotiationRows.map(({ key, script }) => [key, script]))
const transferScripts = new Map(transferRows.map(({ key, script }) => [key, script]))

/** What is to be done on the `nth` (from 0) entry of a negotiation about `datasetId` into `state`, if anything. */
export function negotiationAction(datasetId: string, state: string, nth: number): NegotiationAction | undefined {
  return negotiationScripts.get(datasetId)?.[state]?.[nth]
}

/** What is to be done on the `nth` (from 0) entry of a transfer under `agreementId` into `state`, if anything. */
export function transferAction(agreementId: string, state: string, nth: number): TransferAction | undefined {
  return transferScripts.get(agreementId)?.[state]?.[nth]
}
