// Starts the service on PORT.
import { createApp } from './app.js';
import { ItemStore } from './items.js';

const port = Number(process.env.PORT ?? 3000);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT is "${process.env.PORT}"; it must be a number from 0 to 65535, like 3000`);
  process.exit(1);
}

const server = createApp(new ItemStore());
server.listen(port, () => console.log(`listening on port ${server.address().port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => process.exit(0)));
}
