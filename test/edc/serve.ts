import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pathsIn } from '../../src/init.ts'
import { published, startForEdc } from './connector.ts'

const usage = `Runs a connector that an Eclipse EDC with iam-mock can be tried against, in both roles.

  npm run edc -- --serve --partner-id ID --partner-address URL

  --partner-id ID         the EDC's participant id (edc.participant.id)
  --partner-address URL   its Dataspace Protocol address with the version, such as http://127.0.0.1:19194/protocol/2025-1
  --id ID                 our participant id (concordat)
  --port N                our public port (8282); our address for the EDC is http://127.0.0.1:N/dsp/2025-1
  --public-url URL        our public address, where that is another
  --management-port N     our management API (8081)

Everything is that of a connector in production, except that requests carry and believe iam-mock's header
{"region":"eu","audience":"...","clientId":"ID"} in place of signed tokens: never open it to a network. Negotiations and
transfers are decided automatically. One dataset (${published.dataset}) is offered (${published.offer}). The operator's token
for the management API is in a file whose name is printed. Ctrl-C ends it and removes its data.
`

const options = {
  serve: { type: 'boolean', default: false },
  'partner-id': { type: 'string' },
  'partner-address': { type: 'string' },
  id: { type: 'string', default: 'concordat' },
  port: { type: 'string', default: '8282' },
  'public-url': { type: 'string' },
  'management-port': { type: 'string', default: '8081' },
  help: { type: 'boolean', default: false },
} as const

async function main(): Promise<number> {
  const { values } = parseArgs({ options })
  const { 'partner-id': partnerId, 'partner-address': partnerAddress, 'public-url': publicUrl } = values
  if (values.help || !values.serve || partnerId === undefined || partnerAddress === undefined) {
    process.stdout.write(usage)
    return values.help ? 0 : 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'concordat-edc-'))
  try {
    const dataDirectory = join(folder, 'data')
    const connector = await startForEdc({
      id: values.id,
      partner: { id: partnerId, address: partnerAddress },
      dataDirectory,
      publicPort: Number(values.port),
      managementPort: Number(values['management-port']),
      ...(publicUrl === undefined ? {} : { publicUrl }),
    })
    process.stdout.write(
      `We are ${connector.id} at ${connector.dspAddress}.\nManagement: ${connector.managementUrl}, token in ${pathsIn(dataDirectory).operatorToken}.\nDataset ${published.dataset}, offer ${published.offer}. Partner ${partnerId} at ${partnerAddress}.\nReady. Ctrl-C ends it.\n`,
    )
    await new Promise<void>((done) => {
      process.once('SIGINT', () => done())
      process.once('SIGTERM', () => done())
    })
    await connector.close()
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${Error.isError(error) ? error.message : String(error)}\n`)
    process.exit(1)
  },
)
