import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Item } from '../operations.ts'
import type { Open } from '../session.ts'

type DcatDataset = Item<'readPartnerCatalog'>

/** `catalog PARTNER [DATASET]`: what a partner offers. */
export function catalogCommand(program: Command, open: Open): void {
  const catalog = listing(program.command('catalog').description('read what a partner offers, from its connector').argument('<partner>', 'its DID').argument('[dataset]', 'show this dataset in full'))
    .option('--filter <json>', 'filter of the Dataspace Protocol, as JSON; its meaning is the partner’s')
    .action(async (partnerId: string, datasetId: string | undefined, options: ListOptions & { filter?: string }, command: Command) => {
      const { client, print } = open(command)
      if (datasetId !== undefined) return print.thing(await client.call('readPartnerDataset', { path: { partnerId, datasetId } }))
      const page = await client.list('readPartnerCatalog', { path: { partnerId }, query: { ...pageOf(options), filter: options.filter } }, options.all === true)
      print.table(page, [['DATASET', (each) => each['@id']], ['TITLE', (each) => titleOf(each)], ['OFFERS', (each) => (each.hasPolicy ?? []).map((offer) => offer['@id']).join(' ')]], 'The partner offers nothing to us.')
    })
  example(catalog, 'catalog did:web:cards.example')
}

const titleNames = ['dct:title', 'title', 'dcterms:title', 'http://purl.org/dc/terms/title', 'name']

/** The title as other connectors may write it: text, or texts with their languages. English before others. */
function titleOf(dataset: DcatDataset): string {
  const members = new Map(Object.entries(dataset))
  const found = titleNames.map((name) => members.get(name)).find((value) => value !== undefined)
  const texts = [found].flat().flatMap((value) => textAndLanguage(value))
  return (texts.find(({ language }) => language === 'en') ?? texts[0])?.text ?? '-'
}

function textAndLanguage(value: unknown): { text: string; language?: unknown }[] {
  if (typeof value === 'string') return [{ text: value }]
  if (typeof value !== 'object' || value === null || !('@value' in value)) return []
  return [{ text: String(value['@value']), ...('@language' in value ? { language: value['@language'] } : {}) }]
}
