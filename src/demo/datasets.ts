import { writeFile } from 'node:fs/promises'
import { neighbourhoods } from './neighbourhoods.ts'

/** What the card operator publishes; the demo's own ids, so that a second run finds what the first one made. */
export const weekly = { id: 'weekly-card-spending', offer: 'weekly-card-spending-for-statistics', file: 'weekly-card-spending.csv' } as const
export const places = { id: 'neighbourhoods', offer: 'neighbourhoods-for-everyone', file: 'neighbourhoods.csv' } as const

const publisher = 'Card operator (demo)'
const contact = { name: 'Data desk of the card operator', email: 'data@cards.example' }

/** Card spending: what may be grouped by, and who stands behind the numbers. */
export const weeklyMetadata = {
  title: { ca: 'Despesa setmanal amb targeta', es: 'Gasto semanal con tarjeta', en: 'Weekly card spending' },
  description: {
    ca: 'Despesa amb targeta per setmana, barri i sector. Dades inventades per a la demostració.',
    es: 'Gasto con tarjeta por semana, barrio y sector. Datos inventados para la demostración.',
    en: 'Card spending by week, neighbourhood and sector. Invented data for the demo.',
  },
  keywords: { ca: ['despesa', 'targetes', 'comerç'], es: ['gasto', 'tarjetas', 'comercio'], en: ['spending', 'cards', 'retail'] },
  publisher,
  contact,
  theme: ['http://publications.europa.eu/resource/authority/data-theme/ECON'],
  period: { start: '2024-12-30', end: '2026-11-15' },
  area: 'Barcelona',
  updateFrequency: 'http://publications.europa.eu/resource/authority/frequency/WEEKLY',
  columns: [
    { name: 'week', description: { ca: 'Setmana ISO', es: 'Semana ISO', en: 'ISO week' } },
    { name: 'amount', unit: 'EUR', description: { ca: 'Import total', es: 'Importe total', en: 'Total amount' } },
    { name: 'cards', description: { ca: 'Targetes diferents', es: 'Tarjetas distintas', en: 'Different cards' } },
    { name: 'merchants', description: { ca: 'Comerços', es: 'Comercios', en: 'Merchants' } },
    { name: 'change_on_year_before', unit: '%', description: { ca: "Canvi respecte a la mateixa setmana de l'any anterior", es: 'Cambio respecto a la misma semana del año anterior', en: 'Change on the same week of the year before' } },
  ],
  dimensions: ['week', 'district', 'neighbourhood', 'sector'],
  // A card is used in several weeks and places, so the largest row of a group is all that is sure.
  protectedUnits: [
    { name: 'card', column: 'cards', counts: 'max' as const },
    { name: 'merchant', column: 'merchants', counts: 'max' as const },
  ],
}

/** A list that anybody may have whole. */
export const placesMetadata = {
  title: { ca: 'Barris de Barcelona', es: 'Barrios de Barcelona', en: 'Neighbourhoods of Barcelona' },
  publisher,
  contact,
  license: 'https://creativecommons.org/licenses/by/4.0/',
  area: 'Barcelona',
}

/** Writes the list of neighbourhoods as CSV. Gives the number of rows. */
export async function writePlaces(file: string): Promise<number> {
  const rows = Object.entries(neighbourhoods).flatMap(([district, names]) => names.map((name) => [district, name]))
  await writeFile(file, ['district,neighbourhood', ...rows.map((row) => row.map((text) => `"${text}"`).join(','))].map((line) => `${line}\n`).join(''))
  return rows.length
}
