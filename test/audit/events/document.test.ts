import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { describeEvents, eventsDocument } from '../../../src/audit/events/document.ts'
import { events } from '../../../src/audit/events/events.ts'

test('openapi/events.md is what the code says; npm run generate writes it', () => {
  expect(readFileSync(new URL('../../../openapi/events.md', import.meta.url), 'utf8')).toBe(eventsDocument())
})

test('the document has a section for each type, and a row for each field', () => {
  const text = eventsDocument()
  for (const { type, fields } of describeEvents()) {
    expect(text).toContain(`### \`${type}\`\n`)
    for (const { name, meaning } of fields) expect(text).toMatch(new RegExp(`\\| \`${name.replace('.', '\\.')}\` \\| [PB ]* \\| ${meaning.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')} \\|`))
  }
  expect(describeEvents().map(({ type }) => type).toSorted()).toEqual(Object.keys(events).toSorted())
})
