import { Option } from 'commander'
import type { Command } from 'commander'
import { example, wholeNumber } from '../arguments.ts'
import { download, fileNameFor, toStdout } from '../download.ts'
import type { DataQuery } from '../download.ts'
import { wrongUsage } from '../failure.ts'
import { bytesText } from '../output.ts'
import type { Open } from '../session.ts'

interface GetOptions {
  readonly format?: DataQuery['format']
  readonly version?: number
  readonly path?: string
  readonly out?: string
}

/** `get TRANSFER`: fetches the data. */
export function getCommand(program: Command, open: Open): void {
  const get = program
    .command('get')
    .description('fetch the data of a started transfer; what broke off goes on where it stopped')
    .argument('<transfer>')
    .addOption(new Option('--format <format>', 'format; by default the original file').choices(['csv', 'ndjson', 'json', 'parquet', 'original']))
    .option('--version <number>', 'an older version of a file', wholeNumber(1, 2_147_483_647))
    .option('--path <path>', 'for an HTTP API: what to ask for, with its query: /stations?limit=5')
    .option('--out <file>', 'file to write, or - for stdout; by default the name that the provider gives it')
    .action(async (transferId: string, options: GetOptions, command: Command) => {
      const session = open(command)
      const query = { format: options.format, version: options.version, path: options.path }
      if (options.out === '-') {
        if (session.print.json) throw wrongUsage('--json and --out - would both write to stdout.')
        return toStdout(session, { transferId, query })
      }
      const file = options.out ?? (await fileNameFor(session, { transferId, query }))
      const result = await download(session, { transferId, query, file })
      const checked = result.digest === 'verified' ? 'digest checked' : 'the provider named no digest to check'
      const resumed = result.resumedFrom === 0 ? '' : `, went on at byte ${result.resumedFrom}`
      session.print.result(result, `${result.file}  ${bytesText(result.bytes)}  sha256 ${result.sha256}  (${checked}${resumed})`)
    })
  example(get, 'get urn:uuid:7d8b1c2a-3e4f-4a5b-9c6d-1e2f3a4b5c6d --format parquet --out spending.parquet')
}
