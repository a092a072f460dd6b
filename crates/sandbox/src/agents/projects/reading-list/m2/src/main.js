// Starts the service on PORT, with the items of DATA_FILE when it is set.
import { createApp } from './app.js';
import { loadItems, saveItems } from './file.js';
import { ItemStore } from './items.js';

const port = Number(process.env.PORT ?? 3000);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT is "${process.env.PORT}"; it must be a number from 0 to 65535, like 3000`);
  process.exit(1);
}

const file = process.env.DATA_FILE;
let store;
try {
  store = file ? new ItemStore(loadItems(file), (items) => saveItems(file, items)) : new ItemStore();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const server = createApp(store);
server.listen(port, () => console.log(`listening on port ${server.address().port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => process.exit(0)));
}
