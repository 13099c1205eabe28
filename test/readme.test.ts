import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { negotiationSteps } from '../src/negotiation/state-machine.ts'
import { transferSteps } from '../src/transfer/state-machine.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

function rowOf(state: string, steps: Readonly<Record<string, { readonly by: string; readonly to: string }>>): string {
  const acts = Object.entries(steps).map(([act, { by, to }]) => (act === 'terminate' ? `terminate, ${by}` : `${act}, ${by}, ${to}`))
  return `| ${state === 'START' ? '(start)' : state} | ${acts.join(' · ')} |`
}

test.each([
  ['negotiation', negotiationSteps],
  ['transfer', transferSteps],
])('the %s states in README are those of the code', (_, machine) => {
  const rows = Object.entries(machine).flatMap(([state, steps]) => (Object.keys(steps).length === 0 ? [] : [rowOf(state, steps)]))
  for (const row of rows) expect(readme).toContain(row)
})

test('README lists every setting that is read', () => {
  const config = readFileSync(join(root, 'src/config.ts'), 'utf8')
  const names = new Set([...config.matchAll(/'((?:CONCORDAT|OTEL|DATABASE)_[A-Z_]+[A-Z])'/g)].map((match) => match[1] ?? ''))
  expect(names.size).toBeGreaterThan(10)
  for (const name of names) expect(readme).toContain(name)
})

test('README says of each runtime dependency what it does for us', () => {
  for (const name of Object.keys(packageJson.dependencies)) expect(readme).toContain(`| \`${name}\` |`)
})
