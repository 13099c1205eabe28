import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { isProblem } from '../../../src/errors.ts'
import { checkBlank, takesSeveral } from '../../../src/policy/ready-made/blanks.ts'
import type { Blank, BlankType, BlankValue } from '../../../src/policy/ready-made/blanks.ts'
import { purposeIris } from '../../../src/policy/purposes.ts'
import { readPolicy } from '../../../src/policy/read/read.ts'
import { readyMadePolicies } from '../../../src/policy/ready-made/ready-made-list.ts'
import { fillPolicy } from '../../../src/policy/ready-made/ready-made.ts'
import { requireProfile } from '../../../src/policy/offer/require-profile.ts'
import { termsOf } from '../../../src/policy/terms/terms.ts'
import { writeDsp } from '../../../src/policy/read/write.ts'

const now = new Date('2026-03-04T11:00:00Z')
const name = fc.oneof(
  { weight: 12, arbitrary: fc.string({ unit: fc.constantFrom('a', 'É', 'ñ', '·', '’', '#', '%', '/', '&', '=', '+', '"', '\\', '<', '>', '{', '}', '$'), minLength: 1, maxLength: 20 }) },
  { weight: 6, arbitrary: fc.constantFrom('a#b', '%', '%41', '"; drop table', '__proto__', 'District.Name', '$blank', 'Vallvidrera, el Tibidabo i les Planes') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) },
)

const values: Readonly<Record<BlankType, fc.Arbitrary<string>>> = {
  integer: fc.nat().map(String),
  decimal: fc.tuple(fc.nat(2000), fc.nat(99)).map(([whole, cents]) => `${whole}.${String(cents).padStart(2, '0')}`),
  string: name,
  strings: name,
  date: fc.date({ min: new Date('1970-01-01'), max: new Date('9000-01-01'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  dateTime: fc.date({ min: new Date('1970-01-01'), max: new Date('9000-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  duration: fc.tuple(fc.nat(9999), fc.constantFrom('Y', 'M', 'W', 'D')).map(([length, unit]) => `P${length}${unit}`),
  purpose: fc.constantFrom(...purposeIris),
  timeZone: fc.constantFrom(...Intl.supportedValuesOf('timeZone'), '+01:00', 'Mars/Olympus'),
  currency: fc.string({ unit: fc.constantFrom('A', 'Z', 'z'), minLength: 3, maxLength: 3 }),
  role: name,
  roles: name,
  unit: name,
  dimension: name,
  column: name,
  columns: name,
  iri: fc.oneof({ weight: 8, arbitrary: fc.domain().map((domain) => `did:web:${domain}`) }, { weight: 8, arbitrary: fc.webUrl({ withFragments: true, withQueryParameters: true }) }, { weight: 1, arbitrary: name }),
}

/** Something that might be put into a blank: what fits it, and much that does not. */
function valueOf(blank: Blank): fc.Arbitrary<BlankValue> {
  const one = blank.allowed === undefined ? values[blank.type] : fc.oneof(fc.constantFrom(...blank.allowed), name)
  return takesSeveral(blank.type) ? fc.array(one, { maxLength: 5 }) : one
}

describe.each(readyMadePolicies.map((each) => [each.id, each] as const))('%s', (_id, readyMade) => {
  test('whatever its blanks take, the policy can be agreed and enforced; whatever they do not take is refused by name', () => {
    const filling = fc.record(Object.fromEntries(Object.entries(readyMade.blanks).map(([blank, described]) => [blank, valueOf(described)])))
    fc.assert(
      fc.property(filling, (given) => {
        const wrong = Object.entries(given).filter(([blank, value]) => 'wrong' in checkBlank(described(readyMade.blanks[blank]), value))
        const document = filled(given)
        if (wrong.length > 0) {
          expect(document).toEqual(wrong.map(([blank]) => blank))
          return
        }
        const policy = readPolicy(document)
        requireProfile(policy)
        const received = readPolicy(JSON.parse(JSON.stringify(writeDsp(policy))))
        expect(writeDsp(received)).toEqual(writeDsp(policy))
        const terms = termsOf(policy)
        for (const rule of policy.rules.filter(({ kind }) => kind === 'permission')) terms.restriction(rule)
      }),
      { numRuns: 50 },
    )
  })

  function filled(given: Readonly<Record<string, BlankValue>>): unknown {
    try {
      return fillPolicy(readyMade, given, now)
    } catch (error) {
      if (!isProblem(error) || !Array.isArray(error.fields['blanks'])) throw error
      return error.fields['blanks'].map(({ blank }: { blank: unknown }) => blank)
    }
  }
})

function described(blank: Blank | undefined): Blank {
  if (blank === undefined) throw new Error('Only blanks are filled')
  return blank
}
