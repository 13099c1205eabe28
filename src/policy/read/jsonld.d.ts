/** What is used of the package, which brings no types. */
declare module 'jsonld' {
  interface RemoteDocument {
    readonly contextUrl: undefined
    readonly documentUrl: string
    readonly document: unknown
  }

  interface Options {
    readonly documentLoader: (url: string) => Promise<RemoteDocument>
    /** Refuse what would be lost. */
    readonly safe: boolean
  }

  const jsonld: { expand(document: object, options: Options): Promise<unknown[]> }
  export default jsonld
}
