import { Option } from 'commander'
import type { Command } from 'commander'
import { example, wholeNumber, writtenQuery } from '../arguments.ts'
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
  readonly query?: string
  readonly role?: string
  readonly purpose?: string
  readonly legalBasis?: string
  readonly prefer?: string
}

/** `get TRANSFER`: fetches the data. */
export function getCommand(program: Command, open: Open): void {
  const get = program
    .command('get')
    .description('fetch the data of a started transfer; what broke off goes on where it stopped')
    .argument('<transfer>')
    .addOption(new Option('--format <format>', 'format; by default the original file').choices(['csv', 'ndjson', 'json', 'parquet', 'geojson', 'original']))
    .option('--version <number>', 'an older version of a file', wholeNumber(1, 2_147_483_647))
    .option('--path <path>', 'for an HTTP API: what to ask for, with its query: /stations?limit=5')
    .option('--query <query>', 'what to ask a table, as the provider takes it: select=district,amount.sum()&week=gte.2026-W10', writtenQuery)
    .option('--role <role>', 'the role in which it is asked, as it is stated to the provider')
    .option('--purpose <purpose>', 'what it is asked for: an IRI, or a name of the Data Privacy Vocabulary such as dpv:ProvideOfficialStatistics')
    .option('--legal-basis <iri>', 'the legal basis on which it is asked, where the agreement names one')
    .option('--prefer <preferences>', 'preferences for the answer: count=exact')
    .option('--out <file>', 'file to write, or - for stdout; by default the name that the provider gives it, and stdout for a query')
    .action(async (transferId: string, options: GetOptions, command: Command) => {
      const session = open(command)
      const { format, version, path, query, role, purpose, legalBasis, prefer } = options
      const wanted = { transferId, query: { format, version, path, query, role, purpose, legalBasis }, prefer }
      if (options.out === '-' || (options.out === undefined && query !== undefined)) {
        if (session.print.json) throw wrongUsage('--json and the data would both write to stdout. Name a file with --out.')
        return toStdout(session, wanted)
      }
      const file = options.out ?? (await fileNameFor(session, wanted))
      const result = await download(session, { ...wanted, file })
      const checked = result.digest === 'verified' ? 'digest checked' : 'the provider named no digest to check'
      const resumed = result.resumedFrom === 0 ? '' : `, went on at byte ${result.resumedFrom}`
      session.print.result(result, `${result.file}  ${bytesText(result.bytes)}  sha256 ${result.sha256}  (${checked}${resumed})`)
    })
  example(get, 'get urn:uuid:7d8b1c2a-3e4f-4a5b-9c6d-1e2f3a4b5c6d --role analyst --purpose dpv:ProvideOfficialStatistics --query "select=district,amount.sum()" --out spending.csv --format csv')
}
