// PGlite with pgvector behind the protocol of a server: port. It is a process of its own, as a server is.
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const db = await PGlite.create({ extensions: { vector } });
await new PGLiteSocketServer({ db, port: Number(process.argv[2]), host: '127.0.0.1' }).start();
process.stdout.write('ready\n');
