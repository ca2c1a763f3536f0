"""What the pages share; the only package besides them where Streamlit is allowed."""
