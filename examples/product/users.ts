// The product's own database: its users, who is logged in, and what the job writes. Nothing of it is Carillon's.
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

export interface User {
  readonly id: number
  readonly name: string
}

const database = new DatabaseSync(process.env.PRODUCT_DATABASE ?? './product.db')
database.exec(`
  create table if not exists users (id integer primary key, name text unique not null, salt blob not null, hash blob not null);
  create table if not exists sessions (id text primary key, user integer not null);
  create table if not exists reports (user integer not null, topic text not null, at text not null)`)

/** @returns the new user; nothing when the name is taken */
export function register(name: string, password: string): User | undefined {
  const salt = randomBytes(16)
  const row = database
    .prepare('insert into users (name, salt, hash) values (?, ?, ?) on conflict do nothing returning id')
    .get(name, salt, scryptSync(password, salt, 32))
  return row && { id: Number(row['id']), name }
}

/** @returns the session of a user who gave the right password */
export function logIn(name: string, password: string): string | undefined {
  const row = database.prepare('select id, salt, hash from users where name = ?').get(name)
  const salt = (row?.['salt'] as Uint8Array | undefined) ?? new Uint8Array(16)
  const hash = (row?.['hash'] as Uint8Array | undefined) ?? new Uint8Array(32)
  if (!timingSafeEqual(scryptSync(password, salt, 32), hash) || row === undefined) return undefined
  const session = randomBytes(32).toString('base64url')
  database.prepare('insert into sessions (id, user) values (?, ?)').run(session, Number(row['id']))
  return session
}

export function logOut(session: string): void {
  database.prepare('delete from sessions where id = ?').run(session)
}

export function userOf(session: string | undefined): User | undefined {
  if (session === undefined) return undefined
  const row = database
    .prepare('select u.id, u.name from sessions as s join users as u on u.id = s.user where s.id = ?')
    .get(session)
  return row && { id: Number(row['id']), name: String(row['name']) }
}

export function addReport(user: number, topic: string): void {
  database
    .prepare('insert into reports (user, topic, at) values (?, ?, ?)')
    .run(user, topic, new Date().toISOString())
}

export function reportsOf({ id }: User): unknown[] {
  return database.prepare('select topic, at from reports where user = ? order by rowid').all(id)
}
