import type { Audit } from '../audit/audit.ts'
import type { TransparencyLog } from '../audit/log/log.ts'
import type { AccessStatement } from '../identity/statement.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import type { Database } from '../persistence/database.ts'
import type { OdrlAgreement } from '../policy/odrl.ts'
import type { DatasetFacts } from '../policy/restriction.ts'
import type { ReceiptChecks } from './receipts/checks.ts'
import type { Column, FileVersion, Source } from './sources/source.ts'

/** The transfer under which data is asked for, with its agreement. */
export interface ReleasedTransfer {
  readonly transferId: string
  readonly state: string
  /** The partner who receives. */
  readonly partner: string
  readonly datasetId: string
  /** The finalized agreement; undefined when there is none. */
  readonly agreementId: string | undefined
  /** Its policy, and when it was agreed. */
  readonly agreement: OdrlAgreement | undefined
  readonly agreedAt: Date | undefined
  /** Groups of the partner that policies may name. */
  readonly groups: readonly string[]
  /** Duties of the agreement that were done, by their ids and places. */
  readonly fulfilled: ReadonlySet<string>
}

/** What every record of a request under a transfer says of it. */
export function transferFacts({ partner, transferId, datasetId, agreementId }: ReleasedTransfer): { partner: string; transfer: string; dataset: string; agreement?: string } {
  return { partner, transfer: transferId, dataset: datasetId, ...(agreementId === undefined ? {} : { agreement: agreementId }) }
}

/** The dataset that a transfer is about. */
export interface ReleasedDataset {
  readonly source: Source
  /** A file source's wanted version, or its latest. */
  readonly version?: FileVersion
  readonly columns: readonly Column[]
  readonly title: string
  /** What policies may refer to in it. */
  readonly facts: DatasetFacts
  readonly geometry?: Geometry
}

/** The columns of a point: WGS 84, in degrees. */
export interface Geometry {
  readonly longitude: string
  readonly latitude: string
}

/** Whether data may go out, and why. */
export type Decision = { readonly permitted: true; readonly reason: string } | { readonly permitted: false; readonly code: string; readonly reason: string }

/** Decides on one request under a transfer. */
export type ReleaseDecider = (transfer: ReleasedTransfer) => Decision

/** Permits what the protocol permits: the transfer is started, and rests on a finalized agreement. */
export function permitStarted(transfer: ReleasedTransfer): Decision {
  if (transfer.agreementId === undefined) return { permitted: false, code: 'no-agreement', reason: 'There is no finalized agreement for the transfer.' }
  if (transfer.state !== 'STARTED') return { permitted: false, code: 'not-started', reason: `The transfer is ${transfer.state}, not STARTED.` }
  return { permitted: true, reason: 'The transfer is STARTED under a finalized agreement.' }
}

export interface DataPlaneLimits {
  /** The largest delivery that the inbox takes. */
  readonly inboxBytes: number
  /** The largest request body that is passed to an HTTP source. */
  readonly proxyRequestBytes: number
  /** How large the cache of exported files may grow. */
  readonly cacheBytes: number
  /** An exported file may not become larger. */
  readonly exportBytes: number
  /** How long reading a file may take. */
  readonly jobTimeoutMs: number
  /** How long a table may take to read. */
  readonly tableTimeoutMs: number
  readonly duckDbProcesses: number
  readonly duckDbMemory: string
}

export const defaultLimits: DataPlaneLimits = {
  inboxBytes: 64 * 1024 ** 3,
  proxyRequestBytes: 10 * 1024 ** 2,
  cacheBytes: 8 * 1024 ** 3,
  exportBytes: 64 * 1024 ** 3,
  jobTimeoutMs: 10 * 60_000,
  tableTimeoutMs: 10 * 60_000,
  duckDbProcesses: 2,
  duckDbMemory: '512MB',
}

/** What the data plane needs of others. */
export interface DataPlaneDeps {
  readonly database: Database
  readonly audit: Pick<Audit, 'append' | 'appendNumbered' | 'record' | 'sealed' | 'entries'> & { readonly log: Pick<TransparencyLog, 'receipt' | 'inclusion' | 'leaves'> }
  readonly http: OutboundHttp
  /** What receipts of deliveries to us are worth. */
  readonly receipts: ReceiptChecks
  /** The agreement of a transfer of ours. */
  readonly agreementOf: (transferId: string) => Promise<string | undefined>
  readonly clock: () => Date
  readonly publicUrl: string
  readonly dataDirectory: string
  /** How long a token is valid. */
  readonly accessTokenMs: number
  readonly limits?: Partial<DataPlaneLimits>
  readonly decide: ReleaseDecider
  readonly released: (transferId: string) => Promise<ReleasedTransfer | undefined>
  readonly dataset: (datasetId: string, version?: number) => Promise<ReleasedDataset | undefined>
  readonly secret: (name: string) => Promise<string | undefined>
  /** What a signed statement to us says; 'statement-refused' when it does not count. */
  readonly readStatement: (jws: string) => Promise<AccessStatement>
  /** The key with which hashed columns are hashed under an agreement. */
  readonly hashKey: (agreementId: string) => string
  /** PostgreSQL sources: name and address. */
  readonly postgresqlConnections: Readonly<Record<string, string>>
  /** Told of faults that no caller hears of. */
  readonly onError: (error: unknown) => void
}
