// The documented Node stack: Express, http-proxy-middleware, jsonwebtoken, express-rate-limit, helmet.
import http from 'node:http';

import express from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { createProxyMiddleware } from 'http-proxy-middleware';
import jwt from 'jsonwebtoken';

const { PORT, UPSTREAM, SECRET } = process.env;

const app = express();
app.use(helmet());
app.use((request, response, next) => {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !token) {
    return response.status(401).json({ code: 'not_signed_in' });
  }
  try {
    request.user = jwt.verify(token, SECRET, { algorithms: ['HS256'], issuer: 'quantapilot', audience: 'quantapilot' });
  } catch {
    return response.status(401).json({ code: 'invalid_token' });
  }
  return next();
});
app.use(
  rateLimit({
    windowMs: 60_000,
    limit: 1_000_000_000,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => request.user.sub,
  }),
);
app.use(createProxyMiddleware({ target: `http://127.0.0.1:${UPSTREAM}`, agent: new http.Agent({ keepAlive: true }) }));
app.listen(Number(PORT), '127.0.0.1');
