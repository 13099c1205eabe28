/** Who of us did it, for a record; nothing where nobody is named. */
export function by(actor: string | undefined): { readonly actor?: string } {
  return actor === undefined ? {} : { actor }
}
