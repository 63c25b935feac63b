import {
  OperationNodeTransformer,
  SchemableIdentifierNode,
  TableNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely'
import { DEFAULT_TABLE_PREFIX } from './schema.ts'

/** Puts the tables where the user wants them: into a schema, under another prefix. */
export class TableNames implements KyselyPlugin {
  readonly #transformer: Transformer

  constructor(schema: string | undefined, prefix: string) {
    this.#transformer = new Transformer(schema, prefix)
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId)
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result
  }
}

class Transformer extends OperationNodeTransformer {
  readonly #schema: string | undefined
  readonly #prefix: string

  constructor(schema: string | undefined, prefix: string) {
    super()
    this.#schema = schema
    this.#prefix = prefix
  }

  protected override transformTable(node: TableNode): TableNode {
    const { name } = node.table.identifier
    if (!name.startsWith(DEFAULT_TABLE_PREFIX)) return node

    const own = this.#prefix + name.slice(DEFAULT_TABLE_PREFIX.length)
    return this.#schema === undefined
      ? TableNode.create(own)
      : { kind: 'TableNode', table: SchemableIdentifierNode.createWithSchema(this.#schema, own) }
  }
}
