import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { momentOf, writtenTime } from '../../src/cli/written-time.ts'

const moment = (text: string, zone: string) => momentOf(writtenTime(text), zone)

describe('a written time', () => {
  test('is that of the zone, and a day its first moment', () => {
    expect(moment('2026-03-29', 'Europe/Madrid')).toBe('2026-03-28T23:00:00.000Z')
    expect(moment('2026-03-30', 'Europe/Madrid')).toBe('2026-03-29T22:00:00.000Z')
    expect(moment('2026-03-29 03:30', 'Europe/Madrid')).toBe('2026-03-29T01:30:00.000Z')
    expect(moment('2026-10-25T03:30:15.5', 'Europe/Madrid')).toBe('2026-10-25T02:30:15.500Z')
    expect(moment('2026-10-25T02:30:00+01:00', 'Asia/Tokyo')).toBe('2026-10-25T01:30:00.000Z')
    expect(moment('2026-03-02t09:30:00z', 'Asia/Tokyo')).toBe('2026-03-02T09:30:00.000Z')
    // Midnight is skipped, or there twice.
    expect(moment('2018-11-04', 'America/Sao_Paulo')).toBe('2018-11-04T03:00:00.000Z')
    expect(moment('2026-11-01', 'America/Havana')).toBe('2026-11-01T04:00:00.000Z')
  })

  test('is asked for again where clocks skip it or show it twice', () => {
    expect(() => moment('2026-03-29 02:30', 'Europe/Madrid')).toThrow('skip 2026-03-29 02:30. Write a time with its offset: 2026-03-29T02:30:00+01:00')
    expect(() => moment('2026-10-25T02:30', 'Europe/Madrid')).toThrow('twice. Write which is meant: 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00')
    expect(() => moment('2026-04-05 01:45', 'Australia/Lord_Howe')).toThrow('2026-04-05T01:45:00+11:00 or 2026-04-05T01:45:00+10:30')
  })

  test('is refused when no calendar or clock has it', () => {
    for (const text of ['', '1', '2026', 'tomorrow', 'Nov 21', '2026-3-1', '2026-02-30', '2026-13-01', '2026-03-01T24:00', '2026-03-01T23:59:60Z', '2026-03-01T09:30+25:00', '0000-01-01', '2026-03-01T']) {
      expect(() => writtenTime(text)).toThrow('It must be a day or a time')
    }
  })

  test('with its offset is the moment that it shows, in every zone', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }), fc.constantFrom('UTC', 'Europe/Madrid', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia', 'Australia/Lord_Howe'), (date, zone) => {
        const seconds = new Date(Math.floor(date.getTime() / 1000) * 1000)
        const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(seconds)
        const read = readOr(shown, zone)
        // Told twice: one of the two that are offered.
        expect(read.map((text) => new Date(text).getTime())).toContain(seconds.getTime())
      }),
      { numRuns: 1000 },
    )
  })
})

function readOr(shown: string, zone: string): string[] {
  try {
    return [moment(shown, zone)]
  } catch (error) {
    return [...String(error).matchAll(/\d{4}-\d\d-\d\dT[\d:]+[+-]\d\d:\d\d/g)].map(([offered]) => offered)
  }
}
