import type { Command } from 'commander'
import { parseToken } from '../../catalog/tokens/token-text.ts'
import type { TokenInput } from '../../catalog/tokens/tokens.ts'
import { TokenNotFoundError } from '../../errors.ts'
import { TOKEN_SCOPES, type TokenScope } from '../../store/token-table.ts'
import { gather, namingOptions, oneOf } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { createdNote, tokensTable } from '../output/tokens-text.ts'
import { oneLine } from '../output/visible.ts'
import { onExisting } from '../session.ts'

interface CreateOptions {
  readonly scope: TokenScope
  readonly group?: readonly string[]
  readonly job?: readonly string[]
  readonly expiresIn?: string
  readonly actor?: string
}

/** The options that say what the library calls otherwise. */
const OPTIONS = { groups: '--group', jobs: '--job', label: 'label', createdBy: '--actor' }

/** `carillon token …`: who may ask over HTTP. */
export function addToken(program: Command, invocation: Invocation): void {
  const token = program
    .command('token')
    .summary('create, list and revoke the tokens of the HTTP API')
    .description('Keeps the tokens that open the HTTP API.')

  addCreate(token, invocation)
  addList(token, invocation)
  addRevoke(token, invocation)
}

/** `carillon token create`. */
function addCreate(token: Command, invocation: Invocation): void {
  token
    .command('create')
    .summary('create a token, and print it')
    .description(
      'Creates a token and prints it, alone, on standard output: TOKEN=$(carillon token create grafana --scope read). It is shown this once. Without --namespace it is for all namespaces, without --expires-in for good.',
    )
    .argument('<label>', 'what people call it by: who has it, and what for')
    .requiredOption('--scope <scope>', 'what it allows: read, write or admin', oneOf('--scope', TOKEN_SCOPES))
    .option('--group <name>', 'only schedules of this group, with --namespace; may be repeated', gather)
    .option('--job <name>', 'only schedules of this job, with --namespace; may be repeated', gather)
    .option('--expires-in <duration>', 'how long it is good: 12h, 90d')
    .option('--actor <name>', "who creates it; default the operating system's user")
    .action(
      action<CreateOptions>(invocation, async (call) => {
        const { options, output, terminal } = call
        const input: TokenInput = {
          label: call.args[0] ?? '',
          scope: options.scope,
          namespace: options.namespace,
          groups: options.group,
          jobs: options.job,
          expiresIn: options.expiresIn,
          createdBy: options.actor ?? terminal.user,
        }
        await onExisting(call, async ({ carillon }) => {
          const created = await namingOptions(() => carillon.tokens.create(input), OPTIONS)
          output.answer(created, () => created.token)
          output.note(() => createdNote(created.id, input))
        })
      }),
    )
}

/** `carillon token list`. */
function addList(token: Command, invocation: Invocation): void {
  token
    .command('list')
    .summary('list tokens')
    .description(
      'Lists all tokens that there ever were, oldest first, with --namespace those of one namespace; never their text, which is stored nowhere.',
    )
    .action(
      action(invocation, async (call) => {
        const { options, output, terminal } = call
        await onExisting(call, async ({ carillon }) => {
          const all = await carillon.tokens.list()
          const { namespace } = options
          const tokens = namespace === undefined ? all : all.filter((one) => one.namespace === namespace)
          output.answer(tokens, (style) => tokensTable(tokens, terminal.clock.now(), style))
        })
      }),
    )
}

/** `carillon token revoke`. */
function addRevoke(token: Command, invocation: Invocation): void {
  token
    .command('revoke')
    .summary('end a token for good')
    .description('Ends a token for good; servers refuse it within a second. Harmless when it has ended.')
    .argument('<id>', 'its id; the whole token does as well')
    .action(
      action(invocation, async (call) => {
        const [text = ''] = call.args
        const id = parseToken(text)?.id ?? text
        await onExisting(call, async ({ carillon }) => {
          const wasInForce = await carillon.tokens.revoke(id)
          const known = await carillon.tokens.list()
          // What is no id may be a secret.
          if (!known.some((one) => one.id === id))
            throw new TokenNotFoundError('no token has this id: see carillon token list')
          const done = wasInForce ? `Revoked ${id}.` : `${id} had ended before.`
          call.output.answer({ id, wasInForce }, () => oneLine(done))
        })
      }),
    )
}
