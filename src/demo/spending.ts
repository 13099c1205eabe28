import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { neighbourhoods } from './neighbourhoods.ts'

const sectors = [
  'supermarkets', 'bakeries', 'fruit and vegetables', 'butchers and fishmongers', 'restaurants', 'cafés and bars', 'fast food',
  'clothing', 'shoes', 'sports', 'books and stationery', 'toys', 'electronics', 'furniture', 'hardware', 'flowers',
  'pharmacies', 'health', 'opticians', 'hairdressers', 'hotels', 'museums and theatres', 'cinemas', 'gyms',
  'fuel', 'car parks', 'taxis', 'education',
] as const

const weeksInAYear = 52
/** Weeks of each year that there is data for. */
const years = [[2025, weeksInAYear], [2026, 46]] as const
/** The heading of the file. */
export const columns = ['week', 'district', 'neighbourhood', 'sector', 'transactions', 'amount', 'cards', 'merchants', 'change_on_year_before'] as const

/** Numbers from 0 to 1 that are the same for the same seed on every machine (xorshift, 32 bits). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}

interface Cell {
  readonly place: string
  readonly pointsOfSale: number
  /** Transactions of a usual week. */
  readonly transactions: number
  /** Cents of a usual transaction. */
  readonly ticket: number
  /** Cents in each week of the year before. */
  readonly before: number[]
}

/** Invented weekly card spending by neighbourhood and sector, as lines of CSV with their heading; always the same. */
export function* weeklySpending(seed = 2024): Generator<string> {
  const random = randomNumbers(seed)
  const cells = cellsOf(random)
  yield `${columns.join(',')}\n`
  for (const [year, weeks] of years) {
    for (let week = 0; week < weeks; week += 1) {
      const name = `${year}-W${String(week + 1).padStart(2, '0')}`
      yield cells.map((cell) => lineOf(cell, { name, week, random })).join('')
    }
  }
}

function cellsOf(random: () => number): Cell[] {
  return Object.entries(neighbourhoods).flatMap(([district, names]) =>
    names.flatMap((name) => {
      const size = 0.2 + 2 * random()
      return sectors.map((sector) => {
        const pointsOfSale = 1 + Math.floor(40 * size * random())
        const transactions = pointsOfSale * (20 + Math.floor(300 * random()))
        const ticket = 300 + Math.floor(6_000 * random())
        const before = Array.from({ length: weeksInAYear }, (_none, week) => Math.round(transactions * ticket * season(week) * (0.8 + 0.3 * random())))
        return { place: [district, name, sector].map(quoted).join(','), pointsOfSale, transactions, ticket, before }
      })
    }),
  )
}

function lineOf(cell: Cell, { name, week, random }: { name: string; week: number; random: () => number }): string {
  const transactions = Math.max(1, Math.round(cell.transactions * season(week) * (0.85 + 0.3 * random())))
  const cents = Math.max(1, Math.round(transactions * cell.ticket * (0.9 + 0.2 * random())))
  const cards = Math.max(1, Math.round(transactions * (0.45 + 0.35 * random())))
  const before = cell.before[week] ?? cents
  cell.before[week] = cents
  const change = Math.round((1000 * (cents - before)) / Math.max(1, before)) / 10
  return `${name},${cell.place},${transactions},${(cents / 100).toFixed(2)},${cards},${cell.pointsOfSale},${change.toFixed(1)}\n`
}

// Quiet in August, busy before Christmas.
function season(week: number): number {
  if (week >= 31 && week <= 34) return 0.7
  return week >= 47 ? 1.3 : 1
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Writes the file by stream, and under its name only when it is whole. Gives the number of rows. */
export async function writeSpending(file: string): Promise<number> {
  let lines = 0
  async function* counted(): AsyncGenerator<string> {
    for (const text of weeklySpending()) {
      lines += text.split('\n').length - 1
      yield text
    }
  }
  await pipeline(Readable.from(counted()), createWriteStream(`${file}.part`))
  await rename(`${file}.part`, file)
  return lines - 1
}
