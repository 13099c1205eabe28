import type { DatasetFacts } from '../../src/policy/restriction.ts'

const text = (...names: readonly string[]) => names.map((name) => ({ name, type: 'string' }))
const whole = (...names: readonly string[]) => names.map((name) => ({ name, type: 'integer' }))
const quarters = ['1r Trimestre', '2n Trimestre', '3r Trimestre', '4rt Trimestre']
const accumulated = quarters.map((quarter) => `Acumulat/${quarter}`)

/** What a provider declares of the files in `/work/shared/data`: what may be filtered and grouped by, and who stands behind the rows. */
export const immigrantsFacts: DatasetFacts = {
  kind: 'file',
  columns: [...whole('Year', 'District.Code'), ...text('District.Name'), ...whole('Neighborhood.Code'), ...text('Neighborhood.Name', 'Nationality'), ...whole('Number')],
  dimensions: ['Year', 'District.Name', 'Neighborhood.Name', 'Nationality'],
  protectedUnits: [{ name: 'person', column: 'Number', counts: 'sum' }],
}

/** An inhabitant is counted again every year, so only the largest row surely counts different people. */
export const populationFacts: DatasetFacts = {
  kind: 'file',
  columns: [...whole('Year', 'District.Code'), ...text('District.Name'), ...whole('Neighborhood.Code'), ...text('Neighborhood.Name', 'Gender', 'Age'), ...whole('Number')],
  dimensions: ['Year', 'District.Name', 'Neighborhood.Name', 'Gender', 'Age'],
  protectedUnits: [{ name: 'person', column: 'Number', counts: 'max' }],
}

/** Somebody without work is counted again every month. */
export const unemploymentFacts: DatasetFacts = {
  kind: 'file',
  columns: [...whole('Year'), ...text('Month'), ...whole('District.Code'), ...text('District.Name'), ...whole('Neighborhood.Code'), ...text('Neighborhood.Name', 'Gender', 'Demand_occupation'), ...whole('Number')],
  dimensions: ['Year', 'Month', 'District.Name', 'Neighborhood.Name', 'Gender', 'Demand_occupation'],
  protectedUnits: [{ name: 'person', column: 'Number', counts: 'max' }],
}

/** One row is one accident; victims belong to one accident only. */
export const accidentsFacts: DatasetFacts = {
  kind: 'file',
  columns: [
    ...text('Id', 'DistrictName', 'NeighborhoodName', 'Street', 'Weekday', 'Month'),
    ...whole('Day', 'Hour'),
    ...text('Part of the day'),
    ...whole('Mild injuries', 'Serious injuries', 'Victims', 'Vehiclesinvolved'),
    { name: 'Longitude', type: 'number' },
    { name: 'Latitude', type: 'number' },
  ],
  dimensions: ['DistrictName', 'NeighborhoodName', 'Weekday', 'Month', 'Hour', 'Part of the day'],
  protectedUnits: [
    { name: 'accident', column: 'Id', counts: 'distinct' },
    { name: 'victim', column: 'Victims', counts: 'sum' },
  ],
}

/** Contracts by neighbourhood, one column for each quarter. A row also sums up the whole city, so that the largest row counts. */
export const rentContractsFacts: DatasetFacts = {
  kind: 'file',
  columns: [...text('Dte.', 'Barris'), ...whole(...quarters, ...accumulated)],
  dimensions: ['Dte.', 'Barris'],
  protectedUnits: [{ name: 'contract', column: 'Acumulat/4rt Trimestre', counts: 'max' }],
}

/** Mean rents have no one behind them that could be counted. */
export const averageRentFacts: DatasetFacts = {
  kind: 'file',
  columns: [...text('Dte.', 'Barris'), ...[...quarters, ...accumulated].map((name) => ({ name, type: 'number' }))],
  dimensions: ['Dte.', 'Barris'],
  protectedUnits: [],
}

/** Spending by card, as the card operator of the demo publishes it: one row is what one card spent at one merchant in one week. */
export const cardSpendingFacts: DatasetFacts = {
  kind: 'file',
  columns: [...text('week', 'district', 'sector', 'card', 'merchant'), { name: 'amount', type: 'number' }],
  dimensions: ['week', 'district', 'sector'],
  protectedUnits: [
    { name: 'card', column: 'card', counts: 'distinct' },
    { name: 'merchant', column: 'merchant', counts: 'distinct' },
  ],
}

/** The same by week: one row is one district and sector, with how many cards and merchants there were. A card may be in several rows. */
export const weeklySpendingFacts: DatasetFacts = {
  kind: 'file',
  columns: [...text('week', 'district', 'sector'), { name: 'amount', type: 'number' }, ...whole('cards', 'merchants')],
  dimensions: ['week', 'district', 'sector'],
  protectedUnits: [
    { name: 'card', column: 'cards', counts: 'max' },
    { name: 'merchant', column: 'merchants', counts: 'max' },
  ],
}

/** Facts by the name of the file, without its ending. */
export const fileFacts = {
  immigrants_by_nationality: immigrantsFacts,
  population: populationFacts,
  unemployment: unemploymentFacts,
  accidents_2017: accidentsFacts,
  rent_contracts_2016: rentContractsFacts,
  average_rent_2016: averageRentFacts,
} as const satisfies Readonly<Record<string, DatasetFacts>>
