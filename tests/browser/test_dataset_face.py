"""One face of the Dataset page in a real browser, with made faces."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.harness.driver import Server, query_of, visit, wait_until_drawn


def expect_face(page: Page, file: str) -> None:
    """Wait until a face's view is drawn."""
    expect(page.locator("code")).to_have_text(file)
    wait_until_drawn(page)
    assert query_of(page)["face"] == [file]


def button(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-dataset_{name} button")


def test_face_is_opened_stepped_through_marked_and_kept_by_a_reload(
    made_faces_server: Server, page: Page
) -> None:
    visit(page, f"{made_faces_server.url}/?view=faces&sort=name")
    expect(page.locator("[class*='st-key-dataset_tile_gallery_']")).to_have_count(60)
    button(page, "tile_gallery_3").click()
    expect_face(page, "0000003.jpg")
    page.keyboard.press("n")
    expect_face(page, "0000004.jpg")
    button(page, "next").click()
    expect_face(page, "0000005.jpg")

    page.get_by_role("radio", name="doubtful").click()
    note = page.get_by_label("Note")
    note.fill("next year")  # an n and a p in a text are no steps
    note.press("Enter")
    wait_until_drawn(page)
    page.reload()
    expect_face(page, "0000005.jpg")
    expect(page.get_by_label("Note")).to_have_value("next year")

    button(page, "back").click()
    expect(button(page, "tile_gallery_5")).to_contain_text("question_mark")
    wait_until_drawn(page)
    assert "face" not in query_of(page)


def test_click_on_a_picture_opens_its_face(
    made_faces_server: Server, page: Page
) -> None:
    visit(page, f"{made_faces_server.url}/?view=faces&sort=name&size=20")
    pictures = page.get_by_test_id("stMain").locator("img")
    expect(pictures).to_have_count(20)
    pictures.nth(3).click(force=True)  # its button lies over it
    expect_face(page, "0000003.jpg")


def test_pictures_of_the_gallery_stand_in_rows(
    made_faces_server: Server, page: Page
) -> None:
    visit(page, f"{made_faces_server.url}/?view=faces&size=20")
    pictures = page.get_by_test_id("stMain").locator("img")
    expect(pictures).to_have_count(20)
    boxes = [one.bounding_box() for one in pictures.all()]
    places = {(round(box["x"]), round(box["y"])) for box in boxes if box}
    across, down = ({place[axis] for place in places} for axis in (0, 1))
    assert len(places) == 20
    assert len(across) * (len(down) - 1) < 20 <= len(across) * len(down)
    assert len({round(box["width"]) for box in boxes if box}) == 1


def test_row_of_the_table_leads_to_its_face_and_back(
    made_faces_server: Server, page: Page
) -> None:
    visit(page, f"{made_faces_server.url}/?view=faces&size=20&show=table&sort=name")
    rows = page.get_by_test_id("stDataFrame").locator("canvas").first
    expect(rows).to_be_visible()
    box = rows.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 2.5 * 35)  # the second row's own box
    expect_face(page, "0000001.jpg")
    button(page, "back").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    wait_until_drawn(page)
    assert "face" not in query_of(page)
