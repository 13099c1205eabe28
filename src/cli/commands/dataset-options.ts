import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, isAbsolute } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { components } from '../../../openapi/management.d.ts'
import { several } from '../arguments.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { metadataOptions, nameAndValue } from '../metadata.ts'
import type { MetadataOptions } from '../metadata.ts'

type Schemas = components['schemas']

/** The options of `dataset add` and `dataset update`. */
export interface DatasetOptions extends MetadataOptions {
  readonly id?: string
  readonly file?: string
  readonly mediaType?: string
  readonly folderFile?: string
  readonly copy?: boolean
  readonly postgresql?: string
  readonly table?: string
  readonly http?: string
  readonly path?: readonly string[]
  readonly method?: readonly string[]
  readonly passHeader?: readonly string[]
  readonly secret?: readonly string[]
}

/** Adds the options that name a source, and those of the metadata. */
export function datasetOptions(command: Command): Command {
  command
    .option('--file <file>', 'upload this file')
    .option('--media-type <type>', 'media type of the file; by default from its name')
    .option('--folder-file <path>', 'file on the connector’s machine, in one of its source folders')
    .option('--copy', 'with --folder-file: keep a copy, instead of reading the file where it is')
    .option('--postgresql <name>', 'table in this configured database')
    .option('--table <table>', 'with --postgresql: the table or view, schema.table')
    .option('--http <address>', 'HTTP API at this base address')
    .option('--path <pattern>', 'with --http: what may be asked for, /stations/* (repeatable)', several)
    .addOption(new Option('--method <method>', 'with --http: allowed method (repeatable; by default GET and HEAD)').argParser(several))
    .option('--pass-header <name>', 'with --http: header of the caller that is passed on (repeatable)', several)
    .option('--secret <header=name>', 'with --http: header whose value is a secret (repeatable)', several)
  return metadataOptions(command)
}

/** A source that is not an upload, if the options name one. */
export function sourceOf(options: DatasetOptions): Schemas['FolderFileSource'] | Schemas['SourceChange'] | undefined {
  const named = [options.file, options.folderFile, options.postgresql, options.http].filter((each) => each !== undefined)
  if (named.length > 1) throw wrongUsage('A dataset has one source: --file, --folder-file, --postgresql or --http.')
  if (options.folderFile !== undefined) return { type: 'file', path: folderPath(options.folderFile), keep: options.copy === true ? 'copy' : 'reference' }
  if (options.postgresql !== undefined) {
    if (options.table === undefined) throw wrongUsage('--postgresql needs --table: the table or view to offer.')
    return { type: 'postgresql', connection: options.postgresql, table: options.table }
  }
  if (options.http !== undefined) return httpSource(options.http, options)
  return undefined
}

function folderPath(path: string): string {
  if (!isAbsolute(path)) throw wrongUsage('--folder-file takes an absolute path on the connector’s machine.')
  return path
}

function httpSource(baseUrl: string, { path, method = ['GET', 'HEAD'], passHeader = [], secret = [] }: DatasetOptions): Schemas['HttpSource'] {
  if (path === undefined) throw wrongUsage('--http needs --path: what may be asked for, such as --path "/stations/*".')
  const secrets = secret.map((text) => {
    const [header, name] = nameAndValue('--secret', text)
    return { header, secret: name }
  })
  return { type: 'http', baseUrl, methods: method.map((each) => methodOf(each.toUpperCase())), paths: [...path], requestHeaders: [...passHeader], secrets }
}

function methodOf(name: string): 'GET' | 'HEAD' | 'POST' {
  if (name === 'GET' || name === 'HEAD' || name === 'POST') return name
  throw wrongUsage(`--method takes GET, HEAD or POST; it is "${name}".`)
}

const mediaTypes: Readonly<Record<string, string>> = { csv: 'text/csv', tsv: 'text/tab-separated-values', json: 'application/json', ndjson: 'application/x-ndjson', jsonl: 'application/x-ndjson', parquet: 'application/vnd.apache.parquet' }

/** The headers of an upload: what the file is, how long, and its digest (RFC 9530), so that the connector can check what came. */
export async function uploadHeaders(file: string, mediaType?: string): Promise<Record<string, string>> {
  const hash = createHash('sha256')
  const size = await sizeOf(file)
  await pipeline(createReadStream(file), hash)
  const name = basename(file)
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return {
    'content-type': mediaType ?? mediaTypes[extension] ?? 'application/octet-stream',
    'content-length': String(size),
    'content-digest': `sha-256=:${hash.digest('base64')}:`,
    // RFC 6266 with RFC 8187: any name, whatever is in it.
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)}`,
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file)
    if (found.isFile()) return found.size
  } catch (error) {
    throw new Failure(exitCodes.failed, `${file} cannot be read: ${Error.isError(error) ? error.message : String(error)}`, error)
  }
  throw new Failure(exitCodes.failed, `${file} is not a file.`)
}
