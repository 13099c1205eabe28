import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Partner } from './connectors.ts'
import { StepFailure } from './screen.ts'
import type { Screen } from './screen.ts'
import type { DataSpace } from './steps.ts'
import { runCommand } from './terms.ts'

/** An auditor of one connector: her token opens the record and nothing else. */
interface Auditor {
  readonly partner: Partner
  /** Name of the connector's folder. */
  readonly name: 'operator' | 'city'
  readonly tokenFile: string
}

/** The auditors look: what was asked in plain words, who cosigned the log, and what proves it to somebody else. Leaves the logs of both and the agreement's bundle in `folder`. */
export async function showEvidence(screen: Screen, space: DataSpace, { agreement, folder }: { agreement: string; folder: string }): Promise<void> {
  const auditors = await letAuditorsIn(screen, space)
  const [operator] = auditors
  await screen.step('The auditor of the card operator reads who asked for what, and what was decided, in plain words.', async () => {
    const list = (decision: string) => asAuditor(operator, 'list', '--agreement', agreement, '--decision', decision)
    const [permitted, refused] = [await list('permit'), await list('deny')]
    return [undefined, [permitted, ...refused.split('\n').slice(1)].join('\n')]
  })
  await showCosignatures(screen, space)
  await screen.step('Both auditors take the log with them, as any verifier of transparency logs reads it (C2SP tlog-tiles).', async () => {
    const told: string[] = []
    for (const auditor of auditors) told.push(await exportLog(auditor, folder))
    return [undefined, told.join('\n')]
  })
  await screen.step("The auditor takes the agreement's evidence, and verifies it without asking anybody.", async () => {
    const bundle = join(folder, 'case.zip')
    await rm(bundle, { force: true })
    await asAuditor(operator, 'evidence', agreement, '--out', bundle)
    const said = await runCommand('audit', 'verify', bundle)
    return [undefined, `${said}\nTo verify it on any machine, without network or database: npx concordat audit verify ${bundle}`]
  })
}

async function letAuditorsIn(screen: Screen, { operator, city, folder }: DataSpace): Promise<readonly [Auditor, Auditor]> {
  return screen.step('Each side lets an auditor in: a token that opens the record, and nothing else.', async () => {
    const letIn = async (partner: Partner, name: Auditor['name']): Promise<Auditor> => {
      const { token } = await partner.api.call('createToken', { body: { name: 'Auditor of the demo', role: 'auditor' } })
      const tokenFile = join(folder, `${name}-auditor.token`)
      await writeFile(tokenFile, `${token}\n`, { mode: 0o600 })
      return { partner, name, tokenFile }
    }
    const both = [await letIn(operator, 'operator'), await letIn(city, 'city')] as const
    return [both, `npx concordat audit list --newest --url ${operator.managementUrl} --token-file ${both[0].tokenFile}`]
  })
}

async function showCosignatures(screen: Screen, { operator, city }: DataSpace): Promise<void> {
  await screen.step("Each connector witnesses the other's log: it cosigns that the log only grew.", async () => {
    const told: string[] = []
    for (const partner of [operator, city]) {
      const { items } = await partner.api.call('askWitnesses', {})
      const cosigned = items.filter(({ size }) => (size ?? 0) > 0)
      if (cosigned.length === 0) throw new StepFailure(`Nobody cosigned the log of ${partner.name}: ${items.map(({ failure }) => failure ?? 'no answer').join('; ')}`)
      told.push(...cosigned.map(({ name, size }) => `${partner.name}: ${size ?? 0} entries cosigned by ${name}`))
    }
    return [undefined, told.join('\n')]
  })
}

async function exportLog(auditor: Auditor, folder: string): Promise<string> {
  const target = join(folder, auditor.name)
  await mkdir(target, { recursive: true })
  // Of another run, with another log.
  for (const name of ['vkey', 'checkpoint', 'tile']) await rm(join(target, name), { recursive: true, force: true })
  return asAuditor(auditor, 'export', '--tiles', target)
}

async function asAuditor({ partner, tokenFile }: Auditor, ...args: string[]): Promise<string> {
  return runCommand('audit', ...args, '--url', partner.managementUrl, '--token-file', tokenFile)
}
