# The app in a container: no TensorFlow, nobody's rights, nothing that must be written.
# compose.yaml runs it behind the proxy. PYTHON is the version that the drill runs on.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS packages
COPY requirements/serve.lock /tmp/requirements.lock
RUN python3 -m venv --without-pip /venv && \
    python3 -m pip --python /venv/bin/python install --no-cache-dir \
        --disable-pip-version-check --require-hashes --requirement /tmp/requirements.lock

FROM python:${PYTHON}-slim
COPY --from=packages /venv /venv
COPY app.py /app/app.py
COPY .streamlit /app/.streamlit
COPY agemodel /app/agemodel
COPY pages /app/pages
COPY ui /app/ui
COPY assets /app/assets
WORKDIR /app
RUN /venv/bin/python -m compileall -q agemodel pages ui app.py && mkdir -p /home/app
ENV HOME=/home/app \
    AGEMODEL_VISITORS_MAY_CHANGE=0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["/venv/bin/python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8501/ready', timeout=9)"]
CMD ["/venv/bin/python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.headless=true"]
