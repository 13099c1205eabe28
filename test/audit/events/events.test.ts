import { expect, test } from 'vitest'
import { events, eventSubjects } from '../../../src/audit/events/events.ts'
import type { EventInfo } from '../../../src/audit/events/field.ts'
import { negotiationSteps } from '../../../src/negotiation/state-machine.ts'
import { transferSteps } from '../../../src/transfer/state-machine.ts'

const all: readonly (readonly [string, EventInfo])[] = Object.entries(events)

test('each type belongs to one subject, and says in a sentence what it means', () => {
  const counted = Object.values(eventSubjects).reduce((sum, subject) => sum + Object.keys(subject).length, 0)
  expect(counted).toBe(all.length)
  for (const [type, { meaning }] of all) {
    expect(type).toMatch(/^[a-z]+\.[a-z_-]+$/)
    expect(meaning).toMatch(/^[A-Z][^|\n]+\.$/)
  }
})

test('each field says in a sentence what it means, and is described as a whole or by its parts', () => {
  for (const [, { fields }] of all) {
    for (const [path, { meaning }] of Object.entries(fields)) {
      expect(path).toMatch(/^[a-zA-Z0-9]+(\.[a-zA-Z0-9]+)?$/)
      expect(['type', 'time', 'seq', 'index']).not.toContain(path)
      expect(meaning).toMatch(/^[A-Z`][^|\n]+\.$/)
      expect(Object.hasOwn(fields, path.split('.')[0] ?? '')).toBe(!path.includes('.'))
    }
  }
})

test('every state of a negotiation and of a transfer has its type', () => {
  const states = [...Object.keys(negotiationSteps).map((state) => `negotiation.${state.toLowerCase()}`), ...Object.keys(transferSteps).map((state) => `transfer.${state.toLowerCase()}`)]
  const missing = states.filter((type) => !type.endsWith('.start') && !Object.hasOwn(events, type))
  expect(missing).toEqual([])
})

test('what names a person is personal wherever it is', () => {
  const names = new Set(['user', 'stated.user', 'actor', 'caller', 'request.path', 'request.query', 'signed', 'note', 'error'])
  const clear = all.flatMap(([type, { fields }]) => Object.entries(fields).flatMap(([path, { personal }]) => (names.has(path) && personal !== true ? [`${type} ${path}`] : [])))
  expect(clear).toEqual([])
})
