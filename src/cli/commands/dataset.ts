import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { example, listing, pageOf, several } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { metadataOf } from '../metadata.ts'
import { bytesText, inOneLanguage } from '../output.ts'
import { withProgress } from '../progress.ts'
import type { Open, Session } from '../session.ts'
import { datasetOptions, sourceOf, uploadHeaders } from './dataset-options.ts'
import type { DatasetOptions } from './dataset-options.ts'

/** `dataset …`: what can be offered. */
export function datasetCommands(program: Command, open: Open): void {
  const dataset = program.command('dataset').description('what can be offered')

  const add = datasetOptions(dataset.command('add').description('register a dataset: a file, a PostgreSQL table or an HTTP API'))
    .option('--id <id>', 'its id; by default a new urn:uuid')
    .action(async (options: DatasetOptions, command: Command) => addDataset(open(command), options))
  example(add, 'dataset add --file spending.csv --title "Weekly card spending" --title es="Gasto semanal" --keyword cards')

  const update = datasetOptions(dataset.command('update').description('change metadata or source; a file becomes a new version').argument('<dataset>'))
    .option('--clear <member>', 'remove this member of the metadata (repeatable)', several)
    .action(async (id: string, options: DatasetOptions, command: Command) => updateDataset(open(command), id, options))
  example(update, 'dataset update urn:uuid:5e2f6f4e-0f0b-4d7c-9d5b-1f2f3a4b5c6d --file spending-2026.csv --unit amount=EUR')

  const list = listing(dataset.command('list').description('list the datasets'))
    .option('--search <text>', 'only those with this text in title or id')
    .action(async (options: ListOptions & { search?: string }, command: Command) => {
      const { client, print } = open(command)
      const page = await client.list('listDatasets', { query: { ...pageOf(options), q: options.search } }, options.all === true)
      print.table(
        page,
        [['ID', (each) => each.id], ['TITLE', (each) => inOneLanguage(each.metadata.title)], ['SOURCE', (each) => each.source.type], ['ROWS', (each) => each.latest?.rows], ['CHANGED', (each) => each.updatedAt]],
        'There is no dataset. Register one with "concordat dataset add".',
      )
    })
  example(list, 'dataset list --search spending')

  const show = dataset
    .command('show')
    .description('show a dataset')
    .argument('<dataset>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getDataset', { path: { datasetId: id } }))
    })
  example(show, 'dataset show urn:uuid:5e2f6f4e-0f0b-4d7c-9d5b-1f2f3a4b5c6d')

  const versions = listing(dataset.command('versions').description('list the versions of a file dataset, newest first').argument('<dataset>')).action(async (id: string, options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listDatasetVersions', { path: { datasetId: id }, query: pageOf(options) }, options.all === true)
    print.table(page, [['VERSION', (each) => each.number], ['FILE', (each) => each.fileName], ['ROWS', (each) => each.rows], ['BYTES', (each) => each.bytes], ['SHA-256', (each) => each.sha256], ['MADE', (each) => each.createdAt], ['REMOVED', (each) => each.removedAt]], 'It has no versions: it is not a file.')
  })
  example(versions, 'dataset versions urn:uuid:5e2f6f4e-0f0b-4d7c-9d5b-1f2f3a4b5c6d')

  const remove = dataset
    .command('remove')
    .description('remove a dataset that no offer and no agreement needs')
    .argument('<dataset>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      const { etag } = await client.read('getDataset', { path: { datasetId: id } })
      await client.call('removeDataset', { path: { datasetId: id }, headers: { 'if-match': etag } })
      print.result({ removed: id }, `Removed ${id}.`)
    })
  example(remove, 'dataset remove urn:uuid:5e2f6f4e-0f0b-4d7c-9d5b-1f2f3a4b5c6d')
}

async function addDataset(session: Session, options: DatasetOptions): Promise<void> {
  const { client, print } = session
  const { title, ...metadata } = metadataOf(options)
  if (title === undefined) throw wrongUsage('A dataset needs a title: --title "Weekly card spending"')
  const named = sourceOf(options)
  if (named === undefined && options.file === undefined) throw wrongUsage('A dataset needs a source: --file, --folder-file, --postgresql or --http.')
  const source = named ?? { type: 'file', upload: await uploadFile(session, options.file ?? '', options.mediaType) }
  const given = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null))
  const id = options.id === undefined ? {} : { id: options.id }
  const dataset = await client.call('createDataset', { body: { ...id, metadata: { ...given, title }, source } })
  print.thing(dataset)
  print.note(`Offer it with: concordat offer add ${dataset.id}`)
}

async function uploadFile(session: Session, file: string, mediaType: string | undefined): Promise<string> {
  const headers = await uploadHeaders(file, mediaType)
  const body = withProgress(session.terminal, `Uploading ${basename(file)}`, createReadStream(file), Number(headers['content-length']))
  return (await session.client.upload('uploadFile', { headers }, body)).id
}

async function updateDataset(session: Session, id: string, options: DatasetOptions): Promise<void> {
  const { client, print } = session
  const path = { datasetId: id }
  const { value: present, etag } = await client.read('getDataset', { path })
  const metadata = metadataOf(options, present.metadata)
  const source = sourceOf(options)
  const change = { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), ...(source === undefined || source.type === 'file' ? {} : { source }) }
  const file = options.file ?? options.folderFile
  if (Object.keys(change).length === 0 && file === undefined) throw wrongUsage('Nothing is to be changed: name metadata, a file or a source.')
  if (file !== undefined && present.source.type !== 'file') throw new Failure(exitCodes.failed, `The dataset's source is ${present.source.type}, not a file: change it with --postgresql or --http.`)
  const changed = Object.keys(change).length === 0 ? undefined : await client.call('updateDataset', { path, headers: { 'if-match': etag }, body: change })
  const version = file === undefined ? undefined : await addVersion(session, id, options)
  // A new version changes the dataset, too: what is shown is what is there now.
  print.thing(version === undefined && changed !== undefined ? changed : await client.call('getDataset', { path }))
  noteStops(print, [changed, version])
  if (version !== undefined) print.note(`Version ${version.number}: ${version.rows ?? 'no'} rows, ${bytesText(version.bytes)}.${columnChanges(version.changes)}`)
}

function noteStops(print: Session['print'], changes: readonly ({ readonly stops?: readonly string[] } | undefined)[]): void {
  const stops = changes.flatMap((change) => change?.stops ?? [])
  if (stops.length > 0) print.note(`The terms of these agreements cannot be enforced any more, and nothing is released under them: ${stops.join(', ')}`)
}

async function addVersion(session: Session, id: string, options: DatasetOptions) {
  const path = { datasetId: id }
  if (options.folderFile !== undefined) return session.client.call('addDatasetVersion', { path, query: { path: options.folderFile, keep: options.copy === true ? 'copy' : 'reference' } })
  const file = options.file ?? ''
  const headers = await uploadHeaders(file, options.mediaType)
  return session.client.upload('addDatasetVersion', { path, headers }, withProgress(session.terminal, `Uploading ${basename(file)}`, createReadStream(file), Number(headers['content-length'])))
}

function columnChanges(changes: Readonly<Record<'added' | 'removed' | 'retyped', readonly string[]>>): string {
  const parts = Object.entries(changes).flatMap(([what, names]) => (names.length === 0 ? [] : [`${what} ${names.join(', ')}`]))
  return parts.length === 0 ? '' : ` Columns ${parts.join('; ')}.`
}
