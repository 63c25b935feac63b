// The API in a framework of web-standard handlers: in Next.js this is the file app/api/v1/[...path]/route.ts.
import { api } from './carillon.ts'

const handle = (request: Request) => api.fetch(request)

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST, handle as PUT }
