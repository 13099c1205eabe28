import { readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { WitnessAddress } from './audit/witness/ask.ts'
import { readWitnesses } from './audit/witness/settings.ts'
import { ProblemError } from './errors.ts'
import type { DatabaseLocation } from './persistence/database.ts'

/** Everything that can be set, checked and frozen. README lists each setting with its variable and default. */
export interface Config {
  /** Folder of keys, uploaded files, inbox and the embedded database. Absolute. */
  readonly dataDirectory: string
  readonly database: DatabaseLocation
  /** The address under which partners reach the public listener; undefined: `http://localhost:PORT` of the port it got. */
  readonly publicUrl: string | undefined
  readonly publicListener: ListenerConfig
  readonly managementListener: ListenerConfig
  /** Hosts, `host:port` or CIDR blocks that may be called although they are private or use plain http. */
  readonly allowAddresses: readonly string[]
  /** Folders whose files datasets may name. Absolute. */
  readonly sourceFolders: readonly string[]
  /** PostgreSQL sources: name and address. */
  readonly postgresqlSources: Readonly<Record<string, string>>
  /** How many versions of a file keep their content. */
  readonly keepVersions: number
  /** How many years closed logs keep their entries; undefined: for ever. */
  readonly auditRetentionYears: number | undefined
  /** `host` or `host:port` of the NTP server that the clock is compared with. */
  readonly ntpServer: string | undefined
  /** The settings that are set, as they were read; secrets among them. */
  readonly settings: Readonly<Record<string, string>>
  readonly catalogPageSize: number
  readonly negotiationDeadlineMs: number
  /** How long an access token of the data plane is valid. */
  readonly accessTokenMs: number
  /** How long a message is tried before it counts as refused. */
  readonly outboxGiveUpMs: number
  /** The largest file that can be uploaded. */
  readonly uploadLimitBytes: number
  /** The issuer whose access tokens users of the gateway may bring; undefined: none. */
  readonly oidc: OidcConfig | undefined
  /** What this organisation says of itself in every statement of its gateway. */
  readonly attested: Attested
  /** Witnesses of our log beside the partners. */
  readonly witnesses: readonly WitnessAddress[]
  /** How often witnesses are asked while the log grows; 0: only on demand. */
  readonly witnessIntervalMs: number
  /** Whether checkpoints of our log are signed with ML-DSA-44 as well. */
  readonly logMldsa: boolean
  /** Whether answers under terms that ask something are passed on only with a receipt that proves the provider's record of them. */
  readonly requireReceipts: boolean
  readonly logLevel: string
  /** OTLP endpoint of an OpenTelemetry collector; undefined: no traces. */
  readonly tracesEndpoint: string | undefined
}

export interface OidcConfig {
  readonly issuer: string
  readonly audience: string
  readonly roleClaim: string
  readonly userClaim: string
}

export interface ListenerConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

type Settings = Readonly<Record<string, string | undefined>>

/** The name of the settings file in the data folder. The environment overrides it. */
export const settingsFile = 'concordat.json'

/** Reads the configuration: the environment over the settings file in the data folder over the defaults. */
export function readConfig(dataDirectory?: string, environment: Settings = process.env): Config {
  const directory = resolve(dataDirectory ?? environment['CONCORDAT_DATA'] ?? 'data')
  const settings = { ...fileSettings(join(directory, settingsFile)), ...defined(environment) }
  const publicUrl = optional(settings, 'CONCORDAT_PUBLIC_URL', checkedUrl)
  return Object.freeze({
    dataDirectory: directory,
    database: databaseOf(settings, directory),
    publicUrl,
    publicListener: listener(settings, 'PUBLIC', defaultPublicListener(publicUrl)),
    managementListener: listener(settings, 'MANAGEMENT', { host: '127.0.0.1', port: 8081 }),
    allowAddresses: list(settings['CONCORDAT_ALLOW_ADDRESSES']),
    sourceFolders: list(settings['CONCORDAT_SOURCE_FOLDERS']).map((folder) => absolute(folder)),
    postgresqlSources: postgresqlSources(settings),
    keepVersions: number(settings, 'CONCORDAT_KEEP_VERSIONS', { default: 10, least: 1, most: 100_000 }),
    auditRetentionYears: optional(settings, 'CONCORDAT_AUDIT_RETENTION_YEARS', checkedYears),
    ntpServer: optional(settings, 'CONCORDAT_NTP_SERVER', checkedServer),
    settings: ownSettings(settings),
    catalogPageSize: number(settings, 'CONCORDAT_CATALOG_PAGE', { default: 50, least: 1, most: 1000 }),
    negotiationDeadlineMs: number(settings, 'CONCORDAT_NEGOTIATION_DEADLINE_HOURS', { default: 168, least: 1, most: 8760 }) * 3_600_000,
    accessTokenMs: number(settings, 'CONCORDAT_ACCESS_TOKEN_HOURS', { default: 168, least: 1, most: 8760 }) * 3_600_000,
    outboxGiveUpMs: number(settings, 'CONCORDAT_OUTBOX_DAYS', { default: 5, least: 1, most: 365 }) * 86_400_000,
    uploadLimitBytes: number(settings, 'CONCORDAT_UPLOAD_LIMIT_GB', { default: 64, least: 1, most: 100_000 }) * 1024 ** 3,
    oidc: oidcOf(settings),
    attested: { spatial: optional(settings, 'CONCORDAT_LOCATION', checkedWord), securityLevel: optional(settings, 'CONCORDAT_SECURITY_LEVEL', checkedWord) },
    witnesses: readWitnesses('CONCORDAT_WITNESSES', settings['CONCORDAT_WITNESSES'] ?? ''),
    witnessIntervalMs: number(settings, 'CONCORDAT_WITNESS_SECONDS', { default: 10, least: 0, most: 86_400 }) * 1000,
    logMldsa: onOrOff(settings, 'CONCORDAT_LOG_MLDSA'),
    requireReceipts: onOrOff(settings, 'CONCORDAT_REQUIRE_RECEIPTS'),
    logLevel: settings['CONCORDAT_LOG_LEVEL'] ?? 'info',
    tracesEndpoint: settings['OTEL_EXPORTER_OTLP_ENDPOINT'],
  })
}

function fileSettings(file: string): Settings {
  const text = readIfThere(file)
  if (text === undefined) return {}
  const value = parse(text)
  const valid = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((entry) => typeof entry === 'string')
  if (!valid) throw invalid(file, 'must be a JSON object of strings, such as {"CONCORDAT_PUBLIC_URL": "https://data.example.org"}')
  return Object.fromEntries(Object.entries(value))
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// An empty variable counts as one that is not set: compose files write them so.
function defined(environment: Settings): Settings {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
}

function databaseOf(settings: Settings, directory: string): DatabaseLocation {
  const url = settings['DATABASE_URL']
  if (url === undefined) return { kind: 'pglite', directory: join(directory, 'database') }
  if (!/^postgres(ql)?:\/\//.test(url)) throw invalid('DATABASE_URL', 'must begin with postgres://')
  return { kind: 'postgresql', url, poolSize: number(settings, 'CONCORDAT_DATABASE_POOL', { default: 20, least: 2, most: 500 }) }
}

/** What nobody else can check: where the data are used, and how well they are kept. */
export interface Attested {
  /** An IRI of a place. */
  readonly spatial: string | undefined
  readonly securityLevel: string | undefined
}

// It travels in a claim of every statement.
function checkedWord(name: string, value: string): string {
  if (!/^[\x21-\x7e]{1,500}$/.test(value)) throw invalid(name, 'must be 1 to 500 visible characters')
  return value
}

// What only the command line reads is not the connector's.
const foreign: ReadonlySet<string> = new Set(['CONCORDAT_DATA', 'CONCORDAT_TOKEN', 'CONCORDAT_URL'])

function ownSettings(settings: Settings): Readonly<Record<string, string>> {
  const own = (name: string) => (name.startsWith('CONCORDAT_') && !foreign.has(name)) || name === 'DATABASE_URL' || name === 'OTEL_EXPORTER_OTLP_ENDPOINT'
  return Object.fromEntries(Object.entries(settings).flatMap(([name, value]) => (value === undefined || !own(name) ? [] : [[name, value] as const])))
}

function checkedServer(name: string, value: string): string {
  const url = URL.parse(`ntp://${value}`)
  if (url === null || url.host !== value.toLowerCase() || url.hostname === '') throw invalid(name, `must be a host or host:port, such as ntp.example.org; it is "${value}"`)
  return value
}

function checkedYears(name: string, value: string): number {
  if (!/^[1-9]\d?$/.test(value)) throw invalid(name, `must be a whole number of years from 1 to 99; it is "${value}"`)
  return Number(value)
}

function oidcOf(settings: Settings): OidcConfig | undefined {
  const issuer = optional(settings, 'CONCORDAT_OIDC_ISSUER', checkedIssuer)
  if (issuer === undefined) return undefined
  const audience = settings['CONCORDAT_OIDC_AUDIENCE']
  // Without it a token that the issuer made for any other service would open the gateway.
  if (audience === undefined) throw invalid('CONCORDAT_OIDC_AUDIENCE', 'must be set beside CONCORDAT_OIDC_ISSUER: what access tokens for this connector name as their aud')
  return { issuer, audience, roleClaim: settings['CONCORDAT_OIDC_ROLE_CLAIM'] ?? 'roles', userClaim: settings['CONCORDAT_OIDC_USER_CLAIM'] ?? 'sub' }
}

// An issuer is compared letter by letter, a slash at its end included.
function checkedIssuer(name: string, value: string): string {
  checkedUrl(name, value)
  return value
}

function defaultPublicListener(publicUrl: string | undefined): ListenerConfig {
  if (publicUrl === undefined) return { host: '127.0.0.1', port: 8080 }
  const { hostname, port, protocol } = new URL(publicUrl)
  const local = hostname === 'localhost' || hostname === '127.0.0.1'
  // Behind https there is a proxy that ends TLS; the listener itself then stays on 8080.
  return { host: local ? '127.0.0.1' : '0.0.0.0', port: port !== '' && protocol === 'http:' ? Number(port) : 8080 }
}

function listener(settings: Settings, name: string, fallback: ListenerConfig): ListenerConfig {
  return {
    host: settings[`CONCORDAT_${name}_HOST`] ?? fallback.host,
    port: number(settings, `CONCORDAT_${name}_PORT`, { default: fallback.port, least: 0, most: 65_535 }),
  }
}

function postgresqlSources(settings: Settings): Readonly<Record<string, string>> {
  const prefix = 'CONCORDAT_POSTGRESQL_'
  const sources = Object.entries(settings).flatMap(([name, value]) => (name.startsWith(prefix) && value !== undefined ? [[name.slice(prefix.length).toLowerCase(), value] as const] : []))
  return Object.fromEntries(sources)
}

function checkedUrl(name: string, value: string): string {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw invalid(name, `must be an http or https address without query, such as https://data.example.org; it is "${value}"`)
  }
  return value.replace(/\/+$/, '')
}

function optional<T>(settings: Settings, name: string, check: (name: string, value: string) => T): T | undefined {
  const value = settings[name]
  return value === undefined ? undefined : check(name, value)
}

function number(settings: Settings, name: string, range: { default: number; least: number; most: number }): number {
  const value = settings[name]
  if (value === undefined) return range.default
  const parsed = Number(value)
  if (!Number.isInteger(parsed) || parsed < range.least || parsed > range.most) throw invalid(name, `must be a whole number from ${range.least} to ${range.most}; it is "${value}"`)
  return parsed
}

function onOrOff(settings: Settings, name: string): boolean {
  const value = settings[name] ?? 'off'
  if (value !== 'on' && value !== 'off') throw invalid(name, `must be on or off; it is "${value}"`)
  return value === 'on'
}

function list(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]))
}

function absolute(folder: string): string {
  if (!isAbsolute(folder)) throw invalid('CONCORDAT_SOURCE_FOLDERS', `must name absolute folders; "${folder}" is not one`)
  return folder
}

function invalid(name: string, what: string): ProblemError {
  return new ProblemError('bad-request', `${name} ${what}.`)
}
