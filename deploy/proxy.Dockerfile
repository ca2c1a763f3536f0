# The proxy: Debian's nginx, with which the drill tests its setup.
FROM debian:bookworm-slim
# Debian's security updates come with a new build, so the version is not pinned.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends nginx-light && \
    rm -rf /var/lib/apt/lists/*
COPY nginx /proxy
USER 33:33
EXPOSE 8080
CMD ["nginx", "-p", "/tmp/", "-c", "/proxy/nginx.conf", "-g", "daemon off;"]
