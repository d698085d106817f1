# The relay on Node. docs/self-host.md says how to run it.
#
#     docker build -t causeway .
#     docker run -d --name causeway -v causeway:/data -p 8333:8333 -p 127.0.0.1:8080:8080 causeway

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No package that is kept needs its install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM dependencies AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && rm dist/worker.js dist/*.wasm dist/*.map

FROM node:24-slim
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
USER node
ENV NODE_ENV=production \
    CAUSEWAY_DATA=/data \
    CAUSEWAY_HTTP=0.0.0.0:8080 \
    CAUSEWAY_P2P=0.0.0.0:8333
VOLUME /data
EXPOSE 8333 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/api/blocks/tip/height').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/causeway.js"]
CMD ["relay"]
